package io.stillframe.internal.image;

import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Zero bytes, written in blocks from one constant buffer. Stateless. */
public final class Zeros {
    private static final int BLOCK = 64 * 1024;
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(BLOCK).asReadOnlyBuffer();

    private Zeros() {}

    /** Hands {@code count} zero bytes to {@code sink} in blocks. */
    public static void write(long count, Consumer<ByteBuffer> sink) {
        if (count < 0) {
            throw SnapshotException.invalid("a count of zero bytes must be at least 0, got " + count);
        }
        ByteBuffer block = ZEROS.duplicate();
        for (long left = count; left > 0; left -= block.limit()) {
            block.position(0).limit((int) Math.min(left, BLOCK));
            sink.accept(block);
        }
    }

    /** Puts {@code count} zero bytes to the position of {@code target}, which has room for them, and moves it behind. */
    public static void put(ByteBuffer target, int count) {
        fill(target, target.position(), count);
        target.position(target.position() + count);
    }

    /**
     * Fills {@code [offset, offset + length)} of {@code target} with zeros, whatever its position.
     *
     * @throws IndexOutOfBoundsException if the range exceeds the target's limit
     */
    public static void fill(ByteBuffer target, int offset, int length) {
        for (int done = 0; done < length; done += BLOCK) {
            target.put(offset + done, ZEROS, 0, Math.min(BLOCK, length - done));
        }
    }
}
