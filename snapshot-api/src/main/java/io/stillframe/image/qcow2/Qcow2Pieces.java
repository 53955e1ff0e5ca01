package io.stillframe.image.qcow2;

import io.stillframe.internal.image.ActiveLayer;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Extent;
import io.stillframe.spi.StoredExtent;
import io.stillframe.spi.StoredExtent.Storage;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * The pieces of an image over its backing layer, from the tables alone. The time is bounded by the
 * file's size even for crafted tables: an image whose tables point to more L2 tables or to more data than fit into its file is refused.
 */
final class Qcow2Pieces implements Iterator<StoredExtent> {
    private final ClusterCursor cursor;
    private final Optional<BlockSource> backing;
    private final long fileClusters;
    private final Qcow2Header header;
    private final long end;
    private long at;
    private long dataBytes;
    private Iterator<StoredExtent> below = Collections.emptyIterator();

    /** @param fileClusters clusters that the file has room for */
    Qcow2Pieces(
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
        return below.hasNext() || at < end;
    }

    @Override
    public StoredExtent next() {
        if (below.hasNext()) {
            return below.next().below(1);
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
            case ZERO -> upTo(mapping.end(), Extent.Kind.ZERO, ActiveLayer.MARKED);
            case DATA -> upTo(mapping.end(), Extent.Kind.DATA, ActiveLayer.plain(mapping.host()));
            case COMPRESSED -> upTo(mapping.end(), Extent.Kind.DATA, ActiveLayer.COMPRESSED);
        };
    }

    private StoredExtent unallocated(Mapping mapping) {
        long backingEnd = Math.min(mapping.end(), backing.map(BlockSource::size).orElse(0L));
        if (at >= backingEnd) {
            return upTo(mapping.end(), Extent.Kind.HOLE, ActiveLayer.UNTOLD);
        }
        below = backing.orElseThrow().storedExtents(new ByteRange(at, backingEnd));
        at = backingEnd;
        return below.next().below(1);
    }

    private StoredExtent upTo(long stop, Extent.Kind kind, Storage storage) {
        Extent extent = new Extent(new ByteRange(at, stop), kind);
        at = stop;
        return new StoredExtent(extent, storage);
    }

    private void requirePlausible() {
        if (cursor.tablesVisited() > fileClusters
                || dataBytes >>> header.geometry().clusterBits() > fileClusters) {
            throw SnapshotException.corrupt("the qcow2 tables map more L2 tables or data than the file's "
                    + fileClusters + " clusters can hold: several entries share one host cluster");
        }
    }
}
