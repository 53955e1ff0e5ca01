package io.stillframe.image.stream;

import io.stillframe.internal.frame.Decompressor;
import io.stillframe.internal.frame.FrameIndex;
import io.stillframe.internal.frame.FrameIndexReader;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.internal.frame.FrameWriter;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * {@code lz4}: the raw disk as LZ4 frames with an index in skippable frames, which {@code lz4 -d} restores. Compression is {@code lz4}
 * with a level of 1 to 12, by default 1; from 3 on it is the slow, strong kind. The cluster size is what one frame holds of the disk,
 * 64 KiB to 16 MiB, by default 1 MiB. Every frame carries its content's size and checksum. The format compresses zeros 255 to 1 at best:
 * a hole costs 1 MiB for each 255 MiB.
 *
 * <p>Files by other writers have no index. Opening, describing and checking one decompresses all of it once; it is then read front to
 * back, and a read that goes back starts anew. Blocks that depend on earlier ones ({@code lz4 -BD}) are UNSUPPORTED.
 */
public final class Lz4Codec extends StreamCodec {
    @Override
    public String name() {
        return "lz4";
    }

    @Override
    String suffix() {
        return "lz4";
    }

    @Override
    public Probe probe(ByteBuffer head, long size) {
        if (head.remaining() < Lz4Frames.HEADER) {
            return Probe.NO_MATCH;
        }
        ByteBuffer start = head.slice().order(ByteOrder.LITTLE_ENDIAN);
        boolean marked = start.getInt(0) == Lz4Envelope.SKIPPABLE
                && start.remaining() >= Lz4Envelope.HEADER + Long.BYTES
                && start.getLong(Lz4Envelope.HEADER) == FrameIndex.MARK;
        return marked || start.getInt(0) == Lz4Frames.MAGIC ? Probe.MATCH : Probe.NO_MATCH;
    }

    @Override
    Optional<FrameTable> frames(ByteSource image) {
        return FrameIndexReader.read(image, name(), new Lz4Envelope());
    }

    @Override
    Decompressor newDecompressor(ByteSource image) {
        return new Lz4Decompressor();
    }

    @Override
    InputStream decoder(InputStream stored) throws IOException {
        return new Lz4Stream(stored);
    }

    @Override
    int largestChunk() {
        return FrameWriter.LONGEST;
    }

    @Override
    int[] levels() {
        return new int[] {1, 12, 1};
    }

    @Override
    public ImageWriter newWriter(ImageSpec spec) {
        return new FrameWriter(spec.virtualSize(), chunk(spec), new Lz4Frames(level(spec)));
    }
}
