package io.stillframe.internal.frame;

import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Writes frames as they come and what the format puts around them. Zeros become frames of powers of two of bytes, 16 MiB at most, each
 * length encoded once and then repeated: a hole costs its stored bytes and nothing else. Keeps 8 bytes for each frame.
 */
public final class FrameWriter implements ImageWriter {
    /** Longest run of zeros in one frame, and largest chunk. */
    public static final int LONGEST = 16 << 20;

    /** What a format puts before and behind the frames, and how it makes them. */
    public interface Format {
        /** Upper bound of a frame of {@code length} bytes. */
        int maxEncodedSize(int length);

        /** Closed by the caller. */
        ChunkEncoder newEncoder();

        /** Starts the file; what it writes is a frame of nothing in the table. */
        void begin(FrameTable frames, long virtualSize, ByteSink sink);

        /** Called for every frame with disk in it, in order. */
        default void added(Frame frame) {}

        /** Ends the file. */
        void finish(FrameTable frames, ByteSink sink);
    }

    private final long virtualSize;
    private final int chunkSize;
    private final Format format;
    private final FrameTable frames = new FrameTable();
    private final Map<Integer, Frame> zeroFrames = new HashMap<>();

    /** @param format new, used by this writer alone */
    public FrameWriter(long virtualSize, int chunkSize, Format format) {
        this.virtualSize = virtualSize;
        this.chunkSize = chunkSize;
        this.format = format;
    }

    @Override
    public int chunkSize() {
        return chunkSize;
    }

    @Override
    public int maxEncodedSize() {
        return format.maxEncodedSize(chunkSize);
    }

    @Override
    public int headLength() {
        return 0;
    }

    @Override
    public ChunkEncoder newEncoder() {
        return format.newEncoder();
    }

    @Override
    public void begin(ByteSink body) {
        format.begin(frames, virtualSize, body);
    }

    @Override
    public void append(EncodedChunk chunk, ByteSink body) {
        requireNext(chunk.position());
        add((Frame) chunk, chunk.bytes(), false, body);
    }

    @Override
    public void appendZeros(ByteRange range, ByteSink body) {
        requireNext(range.start());
        for (long left = range.length(); left > 0; ) {
            int length = left < chunkSize ? (int) left : (int) Math.min(LONGEST, Long.highestOneBit(left));
            Frame zeros = zeroFrames.computeIfAbsent(length, this::encodeZeros);
            add(zeros, zeros.bytes().duplicate(), true, body);
            left -= length;
        }
    }

    private void add(Frame frame, ByteBuffer stored, boolean zero, ByteSink body) {
        frames.add(stored.remaining(), frame.rawLength(), zero);
        format.added(frame);
        body.write(stored);
    }

    private Frame encodeZeros(int length) {
        try (ChunkEncoder encoder = format.newEncoder();
                DirectMemory memory = new DirectMemory()) {
            ByteBuffer raw = memory.allocate(length);
            ByteBuffer stored = memory.allocate(format.maxEncodedSize(length));
            Frame encoded = (Frame) encoder.encode(0, raw, stored);
            ByteBuffer bytes = encoded.bytes();
            ByteBuffer kept = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
            return new Frame(0, length, kept, encoded.padding());
        }
    }

    private void requireNext(long position) {
        if (position != frames.diskEnd()) {
            throw SnapshotException.invalid("an image in frames is written in order: after " + frames.diskEnd()
                    + " bytes came what lies at " + position);
        }
    }

    @Override
    public ByteBuffer finish(ByteSink body) {
        requireNext(virtualSize);
        format.finish(frames, body);
        return ByteBuffer.allocate(0);
    }

    @Override
    public void close() {}
}
