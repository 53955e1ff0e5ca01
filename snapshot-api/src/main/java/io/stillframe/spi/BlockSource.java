package io.stillframe.spi;

import io.stillframe.model.ByteRange;
import java.nio.ByteBuffer;
import java.util.Iterator;

/**
 * A disk's content as its guest sees it: random access, sparse, immutable while open.
 *
 * <p>Safe for use by several threads, except {@link #close()}, which the one owner calls after all reads have ended.
 */
public interface BlockSource extends AutoCloseable {
    /** Virtual size in bytes, at least 0; constant. Need not be a multiple of any block size. */
    long size();

    /**
     * The extents of {@code range} in ascending order: they cover it exactly, without gap or overlap; neighbours may be of the same
     * kind. Found from the format's own tables, never by reading data; memory does not grow with the range.
     *
     * @param range within {@code [0, size())}
     * @return a lazy iterator for one thread; its methods throw SnapshotException as {@link #read} does
     * @throws io.stillframe.model.SnapshotException INVALID if the range exceeds the disk; CORRUPT if the tables are broken
     */
    Iterator<Extent> extents(ByteRange range);

    /**
     * The extents of {@code range} in pieces that are stored in one way each, with where that is as far as the format knows; here it knows
     * nothing. Covers the range and is lazy as {@link #extents}.
     *
     * @param range within {@code [0, size())}
     * @throws io.stillframe.model.SnapshotException as {@link #extents}
     */
    default Iterator<StoredExtent> storedExtents(ByteRange range) {
        Iterator<Extent> extents = extents(range);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return extents.hasNext();
            }

            @Override
            public StoredExtent next() {
                return StoredExtent.untold(extents.next());
            }
        };
    }

    /**
     * Fills {@code target}'s remaining space from {@code position}; holes and zeros read as zeros.
     *
     * @param position first byte, at least 0
     * @param target any buffer; its position advances to its limit
     * @throws io.stillframe.model.SnapshotException INVALID if the range exceeds the disk (nothing is transferred); CORRUPT if the
     *     source's bytes are broken; TRANSIENT or PERMANENT on an I/O fault
     */
    void read(long position, ByteBuffer target);

    /** Releases files, sockets and native memory. Idempotent. */
    @Override
    void close();
}
