package io.stillframe.spi;

import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;

/** Takes a stream of bytes in order. For one thread at a time. */
@FunctionalInterface
public interface ByteSink {
    /**
     * Takes all remaining bytes of {@code source} before it returns; the caller may reuse the buffer at once. May block for
     * back-pressure.
     *
     * @throws io.stillframe.model.SnapshotException if the bytes cannot be taken; the stream is then broken for good
     */
    void write(ByteBuffer source);

    /**
     * Takes {@code count} zero bytes. A sink that can store them without writing them overrides this, so that formats without a zero
     * marker of their own stay sparse.
     *
     * @param count at least 0, may be larger than memory
     * @throws io.stillframe.model.SnapshotException as {@link #write}
     */
    default void writeZeros(long count) {
        if (count < 0) {
            throw SnapshotException.invalid("a count of zero bytes must be at least 0, got " + count);
        }
        ByteBuffer block = ByteBuffer.allocate((int) Math.min(count, 64 * 1024));
        for (long left = count; left > 0; left -= block.limit()) {
            write(block.position(0).limit((int) Math.min(left, block.capacity())));
        }
    }
}
