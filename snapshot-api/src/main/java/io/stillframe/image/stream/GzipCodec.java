package io.stillframe.image.stream;

import io.stillframe.internal.frame.Decompressor;
import io.stillframe.internal.frame.FrameIndexReader;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.internal.frame.FrameWriter;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * {@code gzip}: the raw disk as gzip members with an index, which {@code gzip -d} and {@code pigz -d} restore. Compression is {@code
 * gzip} with a level of 1 to 9, by default 6; the cluster size is what one member holds of the disk, 64 KiB to 16 MiB, by default 1 MiB.
 * Every member carries a checksum of its content. The format compresses zeros 1030 to 1 at best: a hole costs 1 MiB for each 1030 MiB.
 *
 * <p>Files by other writers have no index. Opening, describing and checking one decompresses all of it once; it is then read front to
 * back, and a read that goes back starts anew.
 */
public final class GzipCodec extends StreamCodec {
    @Override
    public String name() {
        return "gzip";
    }

    @Override
    String suffix() {
        return "gz";
    }

    @Override
    public Probe probe(ByteBuffer head, long size) {
        int at = head.position();
        return head.remaining() >= GzipMembers.HEADER && GzipMembers.isHeader(head, at) ? Probe.MATCH : Probe.NO_MATCH;
    }

    @Override
    Optional<FrameTable> frames(ByteSource image) {
        return FrameIndexReader.read(image, name(), new GzipEnvelope());
    }

    @Override
    Decompressor newDecompressor(ByteSource image) {
        return new GzipDecompressor();
    }

    @Override
    InputStream decoder(InputStream stored) {
        return new GzipStream(stored);
    }

    @Override
    int largestChunk() {
        return FrameWriter.LONGEST;
    }

    @Override
    int[] levels() {
        return new int[] {1, 9, 6};
    }

    @Override
    public ImageWriter newWriter(ImageSpec spec) {
        return new FrameWriter(spec.virtualSize(), chunk(spec), new GzipMembers(level(spec)));
    }
}
