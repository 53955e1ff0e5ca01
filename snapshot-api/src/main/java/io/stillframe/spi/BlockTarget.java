package io.stillframe.spi;

import java.nio.ByteBuffer;

/**
 * A new disk being filled. Starts as all zeros; only data needs to be written. Writes at ascending positions are always possible;
 * {@link #write} is for one thread at a time.
 */
public interface BlockTarget extends AutoCloseable {
    /** Virtual size in bytes. */
    long size();

    /**
     * Writes all remaining bytes of {@code source} at {@code position}.
     *
     * @param position at least the end of the last write
     * @throws io.stillframe.model.SnapshotException INVALID if the range exceeds the disk or goes back; PERMANENT if e.g. the file
     *     system is full
     */
    void write(long position, ByteBuffer source);

    /** Makes everything written durable; no write after it. */
    void finish();

    /** Ends the filling. Without {@link #finish()} before, the disk is of no use. Idempotent. */
    @Override
    void close();
}
