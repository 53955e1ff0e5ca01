package io.stillframe.internal.image;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import io.stillframe.spi.StoredExtent;
import java.util.Iterator;

/** The extents of a disk that is a file's first bytes as they are, holes included. For one thread at a time. */
public final class PlainExtents implements Iterator<StoredExtent> {
    private final Iterator<Extent> extents;

    /** @param range within the file; throws as its extents do */
    public PlainExtents(ByteSource file, ByteRange range) {
        this.extents = file.extents(range);
    }

    @Override
    public boolean hasNext() {
        return extents.hasNext();
    }

    @Override
    public StoredExtent next() {
        Extent extent = extents.next();
        return new StoredExtent(extent, ActiveLayer.plain(extent.range().start()));
    }
}
