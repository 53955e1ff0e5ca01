package io.stillframe.image.qcow2;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The extents of an image over its backing layer, from the tables alone, neighbours of one kind joined. The time is bounded by the
 * file's size even for crafted tables: an image whose tables point to more L2 tables or to more data than fit into its file is refused.
 */
final class Qcow2Extents implements Iterator<Extent> {
    private final ClusterCursor cursor;
    private final Optional<BlockSource> backing;
    private final long fileClusters;
    private final Qcow2Header header;
    private final long end;
    private long at;
    private long dataBytes;
    private Iterator<Extent> below = Collections.emptyIterator();
    private @Nullable Extent pending;

    /** @param fileClusters clusters that the file has room for */
    Qcow2Extents(
            ClusterCursor cursor,
            Optional<BlockSource> backing,
            long fileClusters,
            Qcow2Header header,
            ByteRange range) {
        this.cursor = cursor;
        this.backing = backing;
        this.fileClusters = fileClusters;
        this.header = header;
        this.at = range.start();
        this.end = range.end();
    }

    @Override
    public boolean hasNext() {
        return pending != null || below.hasNext() || at < end;
    }

    @Override
    public Extent next() {
        Extent joined = pending != null ? pending : piece();
        pending = null;
        while (below.hasNext() || at < end) {
            Extent piece = piece();
            if (piece.kind() != joined.kind()) {
                pending = piece;
                break;
            }
            joined = new Extent(
                    new ByteRange(joined.range().start(), piece.range().end()), joined.kind());
        }
        return joined;
    }

    private Extent piece() {
        if (below.hasNext()) {
            return below.next();
        }
        if (at >= end) {
            throw new NoSuchElementException("the range has no more extents");
        }
        Mapping mapping = cursor.at(at, end);
        if (mapping.kind() == Mapping.Kind.DATA) {
            dataBytes += mapping.length();
        }
        requirePlausible();
        return switch (mapping.kind()) {
            case UNALLOCATED -> unallocated(mapping);
            case ZERO -> upTo(mapping.end(), Extent.Kind.ZERO);
            case DATA, COMPRESSED -> upTo(mapping.end(), Extent.Kind.DATA);
        };
    }

    private Extent unallocated(Mapping mapping) {
        long backingEnd = Math.min(mapping.end(), backing.map(BlockSource::size).orElse(0L));
        if (at >= backingEnd) {
            return upTo(mapping.end(), Extent.Kind.HOLE);
        }
        below = backing.orElseThrow().extents(new ByteRange(at, backingEnd));
        at = backingEnd;
        return below.next();
    }

    private Extent upTo(long stop, Extent.Kind kind) {
        Extent extent = new Extent(new ByteRange(at, stop), kind);
        at = stop;
        return extent;
    }

    private void requirePlausible() {
        if (cursor.tablesVisited() > fileClusters
                || dataBytes >>> header.geometry().clusterBits() > fileClusters) {
            throw SnapshotException.corrupt("the qcow2 tables map more L2 tables or data than the file's "
                    + fileClusters + " clusters can hold: several entries share one host cluster");
        }
    }
}
