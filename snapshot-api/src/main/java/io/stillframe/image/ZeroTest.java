package io.stillframe.image;

import java.nio.ByteBuffer;

/** Tells whether bytes are all zero, at about the speed of memory. Stateless. */
public final class ZeroTest {
    private static final int STEP = 64;

    private ZeroTest() {}

    /**
     * Whether {@code length} bytes of {@code buffer} from {@code offset} are all zero. Position and limit of the buffer are neither used
     * nor changed. Ends at the first byte that is not zero.
     *
     * @throws IndexOutOfBoundsException if the range exceeds the buffer's limit
     */
    public static boolean isZero(ByteBuffer buffer, int offset, int length) {
        int at = offset;
        int end = offset + length;
        for (; at <= end - STEP; at += STEP) {
            long bits = buffer.getLong(at)
                    | buffer.getLong(at + 8)
                    | buffer.getLong(at + 16)
                    | buffer.getLong(at + 24)
                    | buffer.getLong(at + 32)
                    | buffer.getLong(at + 40)
                    | buffer.getLong(at + 48)
                    | buffer.getLong(at + 56);
            if (bits != 0) {
                return false;
            }
        }
        for (; at < end; at++) {
            if (buffer.get(at) != 0) {
                return false;
            }
        }
        return true;
    }
}
