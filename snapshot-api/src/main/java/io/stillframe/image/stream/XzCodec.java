package io.stillframe.image.stream;

import io.stillframe.internal.frame.Decompressor;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.internal.frame.FrameWriter;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.tukaani.xz.XZInputStream;

/**
 * {@code xz}: the raw disk as one .xz stream of many blocks with the format's own index, which {@code xz -d} restores. Compression is
 * {@code xz} with a level of 0 to 9, by default 3; the cluster size is what one block holds of the disk, 64 KiB to 16 MiB, by default 1
 * MiB, and bounds the dictionary. Every block carries a checksum of its content. The format compresses zeros about 6900 to 1 at best: a
 * hole costs 1 MiB for each 7 GiB. An encoder takes about 12 times the cluster size of heap, at least 1 MiB.
 *
 * <p>The index does not tell which blocks are zeros. Opening an image reads those that are stored in less than 1/1000 of their size and
 * decompresses one of each kind.
 *
 * <p>Files by other writers are read in place if their blocks hold at most 64 MiB each ({@code xz -T0 --block-size=16MiB}). Others are
 * decompressed once when they are opened, described or checked, and are then read front to back; a read that goes back starts anew.
 * Decoders that need more than 128 MiB are UNSUPPORTED.
 */
public final class XzCodec extends StreamCodec {
    /** Most memory of a decoder, in KiB. */
    static final int MEMORY_LIMIT = 128 << 10;

    @Override
    public String name() {
        return "xz";
    }

    @Override
    String suffix() {
        return "xz";
    }

    @Override
    public Probe probe(ByteBuffer head, long size) {
        byte[] magic = new byte[Math.min(XzBlocks.MAGIC.length, head.remaining())];
        head.duplicate().get(magic);
        return Arrays.equals(magic, XzBlocks.MAGIC) ? Probe.MATCH : Probe.NO_MATCH;
    }

    @Override
    Optional<FrameTable> frames(ByteSource image) {
        return new XzIndexReader(image).read();
    }

    @Override
    Decompressor newDecompressor(ByteSource image) {
        return new XzDecompressor(new XzIndexReader(image).check());
    }

    @Override
    InputStream decoder(InputStream stored) throws IOException {
        return new XZInputStream(stored, MEMORY_LIMIT);
    }

    @Override
    int largestChunk() {
        return FrameWriter.LONGEST;
    }

    @Override
    int[] levels() {
        return new int[] {0, 9, 3};
    }

    @Override
    public ImageWriter newWriter(ImageSpec spec) {
        int chunk = chunk(spec);
        return new FrameWriter(spec.virtualSize(), chunk, new XzBlocks(level(spec), chunk));
    }
}
