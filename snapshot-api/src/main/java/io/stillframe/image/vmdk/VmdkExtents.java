package io.stillframe.image.vmdk;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Extent;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * An image's extents from its tables alone, neighbours of one kind joined. The time is bounded by the file's size even for crafted
 * tables: an image whose tables point to more grain tables or to more grains than fit into its file is refused.
 */
final class VmdkExtents implements Iterator<Extent> {
    private final GrainCursor cursor;
    private final VmdkLayout layout;
    private final long fileSize;
    private final long end;
    private long at;
    private long stored;
    private @Nullable Extent pending;

    VmdkExtents(GrainCursor cursor, VmdkLayout layout, long fileSize, ByteRange range) {
        this.cursor = cursor;
        this.layout = layout;
        this.fileSize = fileSize;
        this.at = range.start();
        this.end = range.end();
    }

    @Override
    public boolean hasNext() {
        return pending != null || at < end;
    }

    @Override
    public Extent next() {
        Extent joined = pending != null ? pending : piece();
        pending = null;
        while (at < end) {
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
        return new Extent(new ByteRange(mapping.start(), mapping.end()), kind(mapping));
    }

    private static Extent.Kind kind(Mapping mapping) {
        return switch (mapping.kind()) {
            case DATA, COMPRESSED -> Extent.Kind.DATA;
            case ZERO -> Extent.Kind.ZERO;
            case HOLE -> Extent.Kind.HOLE;
        };
    }

    private void requirePlausible() {
        if (cursor.tablesVisited() > fileSize / SparseHeader.TABLE_BYTES || stored > fileSize) {
            throw SnapshotException.corrupt("the vmdk's tables map more grain tables or grains of "
                    + layout.grainSize() + " bytes than the file's " + fileSize
                    + " bytes can hold: several entries share one place");
        }
    }
}
