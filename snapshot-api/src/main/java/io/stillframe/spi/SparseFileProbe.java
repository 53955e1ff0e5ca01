package io.stillframe.spi;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds the holes of sparse files through the operating system, which the JDK has no call for. Found through
 * {@link java.util.ServiceLoader}; without one, files are taken as data throughout and their holes are read and recognised as zeros.
 * Stateless and safe for use by several threads.
 */
public interface SparseFileProbe {
    /**
     * Opens a file's map.
     *
     * @param file a regular file
     * @return closed by the caller; empty if this operating system or file is not supported
     * @throws io.stillframe.model.SnapshotException NOT_FOUND or PERMANENT if the file cannot be opened
     */
    Optional<Regions> open(Path file);

    /** Where one file holds data. Safe for use by several threads, except {@link #close()}. */
    interface Regions extends AutoCloseable {
        /**
         * The first byte at or behind {@code from} that lies in a region with data; {@link Long#MAX_VALUE} if there is none up to the
         * file's end.
         *
         * @param from at least 0
         */
        long nextData(long from);

        /**
         * The first byte at or behind {@code from} that lies in a hole; the file's end counts as one. {@link Long#MAX_VALUE} if {@code
         * from} is at or behind the end.
         *
         * @param from at least 0
         */
        long nextHole(long from);

        @Override
        void close();
    }
}
