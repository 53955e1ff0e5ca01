package io.stillframe.internal.memory;

import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;

/**
 * One direct buffer of its own that is replaced by a larger one when that is needed. For one thread at a time; nobody may touch the
 * buffer, or a view of it, after it was replaced or freed.
 */
public final class GrowingBuffer implements AutoCloseable {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final DirectMemory memory = new DirectMemory();
    private ByteBuffer buffer = NOTHING;

    /**
     * The buffer with its position at 0 and its limit at {@code length}. Its content stays unless it has to grow.
     *
     * @throws SnapshotException PERMANENT if the JVM's limit of direct memory is reached; nothing is kept then
     */
    public ByteBuffer ofLength(int length) {
        if (buffer.capacity() < length) {
            close();
            buffer = memory.allocate(length);
        }
        return buffer.clear().limit(length);
    }

    /** The buffer as it was left; empty if there is none yet. */
    public ByteBuffer get() {
        return buffer;
    }

    /** Frees it. Idempotent; can be used again. */
    @Override
    public void close() {
        buffer = NOTHING;
        memory.close();
    }
}
