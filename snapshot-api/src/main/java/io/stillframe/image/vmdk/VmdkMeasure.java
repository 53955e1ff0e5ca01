package io.stillframe.image.vmdk;

import io.stillframe.spi.Extent;
import java.util.Iterator;

/** Computes an upper bound of a written image's size. For one use. */
final class VmdkMeasure {
    private final WriterOptions options;
    private long lastGrain = -1;
    private long lastTable = -1;
    private long grains;
    private long tables;

    VmdkMeasure(WriterOptions options) {
        this.options = options;
    }

    /** The bound for a disk with these extents. */
    long of(Iterator<Extent> extents) {
        while (extents.hasNext()) {
            Extent extent = extents.next();
            if (extent.isData()) {
                add(
                        extent.range().start() / WriterOptions.GRAIN,
                        (extent.range().end() - 1) / WriterOptions.GRAIN);
            }
        }
        long metadata = Sectors.SIZE + (long) SparseHeader.TABLE_BYTES;
        long directory = Sectors.bytes(Sectors.of((long) options.directoryEntries() * Integer.BYTES));
        long fixed = WriterOptions.GRAIN + Sectors.SIZE + directory + 3L * Sectors.SIZE;
        return Math.addExact(Math.multiplyExact(grains, (long) WriterOptions.storedGrain()), tables * metadata + fixed);
    }

    private void add(long first, long last) {
        long from = Math.max(first, lastGrain + 1);
        if (from <= last) {
            grains += last - from + 1;
            lastGrain = last;
            long firstTable = Math.max(from / SparseHeader.TABLE_ENTRIES, lastTable + 1);
            lastTable = last / SparseHeader.TABLE_ENTRIES;
            tables += Math.max(0, lastTable - firstTable + 1);
        }
    }
}
