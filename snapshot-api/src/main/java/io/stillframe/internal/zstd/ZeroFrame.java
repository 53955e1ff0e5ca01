package io.stillframe.internal.zstd;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The Zstandard frame of a run of zeros, put together by hand: run-length blocks of 128 KiB, 4 bytes each, in a window of 128 KiB, so
 * that a decoder's memory stays small however long the run is. RFC 8878, sections 3.1.1.1 and 3.1.1.2. The same length always gives the
 * same bytes.
 */
public final class ZeroFrame {
    /** Longest run in one frame. */
    public static final int LONGEST = 64 << 20;

    private static final int MAGIC = 0xFD2FB528;
    private static final byte CONTENT_SIZE_IN_4_BYTES = (byte) (2 << 6);
    private static final byte WINDOW_OF_128_KIB = 7 << 3;
    private static final int HEADER = 10;
    private static final int BLOCK = 128 * 1024;
    private static final int STORED_BLOCK = 4;
    private static final int RUN_LENGTH = 1 << 1;
    private static final int LAST = 1;

    private ZeroFrame() {}

    /** Bytes of the frame of {@code length} zeros, 1 to {@link #LONGEST}. */
    public static int storedSize(int length) {
        return HEADER + STORED_BLOCK * ((length + BLOCK - 1) / BLOCK);
    }

    /**
     * Puts the frame of {@code length} zeros, 1 to {@link #LONGEST}, into {@code target} from 0 to limit.
     *
     * @param target little-endian, with room for {@link #storedSize}
     */
    public static void put(ByteBuffer target, int length) {
        target.clear()
                .putInt(MAGIC)
                .put(CONTENT_SIZE_IN_4_BYTES)
                .put(WINDOW_OF_128_KIB)
                .putInt(length);
        int left = length;
        while (left > 0) {
            int block = Math.min(left, BLOCK);
            left -= block;
            // A 3-byte block header and the repeated byte, which is the zero in the top byte.
            target.putInt((left == 0 ? LAST : 0) | RUN_LENGTH | block << 3);
        }
        target.flip();
    }

    /** Room for the longest frame. */
    public static ByteBuffer newBuffer() {
        return ByteBuffer.allocate(storedSize(LONGEST)).order(ByteOrder.LITTLE_ENDIAN);
    }
}
