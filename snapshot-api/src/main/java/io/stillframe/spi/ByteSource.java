package io.stillframe.spi;

import java.nio.ByteBuffer;

/**
 * The stored bytes of a file or object: random access, immutable while open.
 *
 * <p>Safe for use by several threads, except {@link #close()}, which the one owner calls after all reads have ended.
 */
public interface ByteSource extends AutoCloseable {
    /** Length in bytes, at least 0; constant. */
    long size();

    /**
     * Fills {@code target}'s remaining space from {@code position}.
     *
     * @throws io.stillframe.model.SnapshotException INVALID if the range exceeds {@code [0, size())} (nothing is transferred);
     *     CONFLICT if the object was replaced or shortened since it was opened; TRANSIENT, THROTTLED or PERMANENT on an I/O fault
     */
    void read(long position, ByteBuffer target);

    /** What it is, for messages: a path or key without secrets. */
    String describe();

    @Override
    void close();
}
