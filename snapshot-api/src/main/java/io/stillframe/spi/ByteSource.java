package io.stillframe.spi;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

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

    /**
     * What the storage beneath knows of {@code range} without reading it: HOLE where nothing was ever written, so that it reads as
     * zeros, DATA elsewhere. In ascending order, covering the range exactly, as {@link BlockSource#extents}. All DATA if the storage
     * knows nothing, as here.
     *
     * @return a lazy iterator for one thread; its methods throw as {@link #read} does
     * @throws io.stillframe.model.SnapshotException INVALID if the range exceeds {@code [0, size())}
     */
    default Iterator<Extent> extents(ByteRange range) {
        if (range.end() > size()) {
            throw SnapshotException.invalid("range " + range + " exceeds the " + size() + " bytes of " + describe());
        }
        return range.isEmpty()
                ? Collections.emptyIterator()
                : List.of(new Extent(range, Extent.Kind.DATA)).iterator();
    }

    /** What it is, for messages: a path or key without secrets. */
    String describe();

    @Override
    void close();
}
