package io.stillframe.image;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import java.util.Iterator;

/**
 * Walks a disk's extents and cuts the data into aligned units; everything between is zeros. Costs what the extents cost, whatever the
 * disk's size. For one thread.
 */
final class UnitPlanner {
    private static final int EXTENTS_BETWEEN_CHECKS = 256;

    private final Iterator<Extent> extents;
    private final Cancellation cancellation;
    private final long size;
    private final int unit;
    private long planned;
    private long walked;
    private int seen;
    private long dataStart;
    private long dataEnd;

    UnitPlanner(BlockSource source, int unit, Cancellation cancellation) {
        this.size = source.size();
        this.extents = source.extents(new ByteRange(0, size));
        this.unit = unit;
        this.cancellation = cancellation;
    }

    /** Plans the next unit into {@code slot}; false if there is none, only zeros to the disk's end. */
    boolean next(UnitSlot slot) {
        if (!findData()) {
            return false;
        }
        long start = dataStart - dataStart % unit;
        long end = start + Math.min(unit, size - start);
        slot.plan(new ByteRange(planned, start), start, (int) (end - start));
        while (findData() && dataStart < end) {
            long stop = Math.min(dataEnd, end);
            slot.addData(dataStart, stop);
            dataStart = stop;
        }
        planned = end;
        return true;
    }

    /** What is left behind the last unit. */
    ByteRange rest() {
        return new ByteRange(planned, size);
    }

    /** Moves to data that is not planned yet. */
    private boolean findData() {
        while (dataStart == dataEnd) {
            if (!extents.hasNext()) {
                requireContract(walked == size, walked);
                return false;
            }
            take(extents.next());
        }
        return true;
    }

    private void take(Extent extent) {
        if (++seen % EXTENTS_BETWEEN_CHECKS == 0) {
            cancellation.check();
        }
        ByteRange range = extent.range();
        requireContract(range.start() == walked && range.end() <= size, range);
        walked = range.end();
        if (extent.isData()) {
            dataStart = range.start();
            dataEnd = range.end();
        }
    }

    private void requireContract(boolean kept, Object found) {
        if (!kept) {
            throw SnapshotException.permanent(
                    "the source's extents must cover its " + size + " bytes without gap or overlap; after " + walked
                            + " came " + found,
                    null);
        }
    }
}
