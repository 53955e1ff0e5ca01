package io.stillframe.image.vmdk;

import io.stillframe.internal.image.ActiveLayer;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Extent;
import io.stillframe.spi.StoredExtent;
import io.stillframe.spi.StoredExtent.Storage;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * An image's pieces from its tables alone. The time is bounded by the file's size even for crafted
 * tables: an image whose tables point to more grain tables or to more grains than fit into its file is refused.
 */
final class VmdkPieces implements Iterator<StoredExtent> {
    private final GrainCursor cursor;
    private final VmdkLayout layout;
    private final long fileSize;
    private final long end;
    private long at;
    private long stored;

    VmdkPieces(GrainCursor cursor, VmdkLayout layout, long fileSize, ByteRange range) {
        this.cursor = cursor;
        this.layout = layout;
        this.fileSize = fileSize;
        this.at = range.start();
        this.end = range.end();
    }

    @Override
    public boolean hasNext() {
        return at < end;
    }

    @Override
    public StoredExtent next() {
        if (at >= end) {
            throw new NoSuchElementException("the range has no more extents");
        }
        Mapping mapping = cursor.at(at, end);
        stored += switch (mapping.kind()) {
            case DATA -> mapping.length();
            case COMPRESSED -> Sectors.SIZE; // It has a sector of its own at least.
            case ZERO, HOLE -> 0;
        };
        requirePlausible();
        at = mapping.end();
        return switch (mapping.kind()) {
            case DATA -> piece(mapping, Extent.Kind.DATA, ActiveLayer.plain(mapping.host()));
            case COMPRESSED -> piece(mapping, Extent.Kind.DATA, ActiveLayer.COMPRESSED);
            case ZERO -> piece(mapping, Extent.Kind.ZERO, ActiveLayer.MARKED);
            case HOLE -> piece(mapping, Extent.Kind.HOLE, ActiveLayer.UNTOLD);
        };
    }

    private static StoredExtent piece(Mapping mapping, Extent.Kind kind, Storage storage) {
        return new StoredExtent(new Extent(new ByteRange(mapping.start(), mapping.end()), kind), storage);
    }

    private void requirePlausible() {
        if (cursor.tablesVisited() > fileSize / SparseHeader.TABLE_BYTES || stored > fileSize) {
            throw SnapshotException.corrupt("the vmdk's tables map more grain tables or grains of "
                    + layout.grainSize() + " bytes than the file's " + fileSize
                    + " bytes can hold: several entries share one place");
        }
    }
}
