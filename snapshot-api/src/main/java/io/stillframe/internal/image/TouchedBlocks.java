package io.stillframe.internal.image;

import io.stillframe.spi.Extent;
import java.util.Iterator;

/** Counts the blocks of a disk that have data. Stateless. */
public final class TouchedBlocks {
    private TouchedBlocks() {}

    /** Blocks of {@code blockSize} bytes that a data extent touches. */
    public static long count(Iterator<Extent> extents, long blockSize) {
        long count = 0;
        long last = -1;
        while (extents.hasNext()) {
            Extent extent = extents.next();
            if (extent.isData()) {
                long first = Math.max(extent.range().start() / blockSize, last + 1);
                last = Math.max(last, (extent.range().end() - 1) / blockSize);
                count += last - first + 1;
            }
        }
        return count;
    }
}
