package io.stillframe.image.stream;

import io.stillframe.internal.frame.FrameIndex;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.internal.frame.FrameWriter;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import java.nio.ByteBuffer;

/** How gzip members are written: each with the same header of 10 bytes, RFC 1952 section 2.3. */
record GzipMembers(int level) implements FrameWriter.Format {
    static final int HEADER = 10;
    static final int TRAILER = 8;
    static final byte ID1 = 0x1F;
    static final byte ID2 = (byte) 0x8B;
    static final byte DEFLATE = 8;
    static final byte UNKNOWN_SYSTEM = (byte) 255;

    /** Whether a member's header, of any writer, may begin there. */
    static boolean isHeader(ByteBuffer bytes, int at) {
        return bytes.get(at) == ID1 && bytes.get(at + 1) == ID2 && bytes.get(at + 2) == DEFLATE;
    }

    /** Appends a header without time stamp. */
    static void putHeader(ByteBuffer target, int flags) {
        target.put(ID1).put(ID2).put(DEFLATE).put((byte) flags);
        target.putInt(0).put((byte) 0).put(UNKNOWN_SYSTEM);
    }

    /** Deflate's worst case is 9 bits for each byte, with the fixed code. */
    @Override
    public int maxEncodedSize(int length) {
        return HEADER + length + length / 8 + length / 64 + 64 + TRAILER;
    }

    @Override
    public ChunkEncoder newEncoder() {
        return new GzipEncoder(level);
    }

    @Override
    public void begin(FrameTable frames, long virtualSize, ByteSink sink) {
        FrameIndex.begin(frames, virtualSize, new GzipEnvelope(), sink);
    }

    @Override
    public void finish(FrameTable frames, ByteSink sink) {
        FrameIndex.finish(frames, new GzipEnvelope(), sink);
    }
}
