package io.stillframe.image.vhd;

import io.stillframe.internal.image.BlockMap;
import io.stillframe.internal.image.MappedRun;
import io.stillframe.internal.image.PagedBytes;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Extent;

/**
 * Finds the disk's bytes by the block allocation table and the sector bitmaps ("Block Allocation Table and Data Blocks"). A sector whose bit
 * is not set was never written and reads as zeros.
 */
final class DynamicMap implements BlockMap {
    /** An entry of the table for a block that is not in the file. */
    static final int UNUSED = -1;

    private final DynamicHeader header;
    private final long fileSize;
    private final String name;
    private final PagedBytes.Cursor table;
    private final PagedBytes.Cursor bitmaps;

    /**
     * @param table pages of the file, for the block allocation table
     * @param bitmaps pages of the file, for the sector bitmaps
     */
    DynamicMap(DynamicHeader header, long fileSize, String name, PagedBytes table, PagedBytes bitmaps) {
        this.header = header;
        this.fileSize = fileSize;
        this.name = name;
        this.table = table.cursor();
        this.bitmaps = bitmaps.cursor();
    }

    @Override
    public MappedRun at(long position, long end) {
        long block = position >>> header.blockBits();
        long start = block << header.blockBits();
        long stop = Math.min(end, start + (1L << header.blockBits()));
        long bitmap = place(block);
        if (bitmap < 0) {
            return new MappedRun(Extent.Kind.HOLE, position, stop, 0);
        }
        int sector = (int) (position - start) / DynamicHeader.SECTOR;
        boolean written = written(bitmap, sector);
        int last = (int) (stop - 1 - start) / DynamicHeader.SECTOR;
        int next = sector + 1;
        while (next <= last && written(bitmap, next) == written) {
            next += uniform(bitmap, next, last, written) ? Long.SIZE : 1;
        }
        long runEnd = Math.min(stop, start + (long) next * DynamicHeader.SECTOR);
        return written
                ? new MappedRun(Extent.Kind.DATA, position, runEnd, bitmap + header.bitmapBytes() + position - start)
                : new MappedRun(Extent.Kind.ZERO, position, runEnd, 0);
    }

    /** Where a block's bitmap begins in the file, its data right behind it; negative if the block is not in the file. */
    long place(long block) {
        int entry = table.getInt(header.tableOffset() + block * Integer.BYTES);
        if (entry == UNUSED) {
            return UNUSED;
        }
        long bitmap = Integer.toUnsignedLong(entry) * DynamicHeader.SECTOR;
        if (bitmap > fileSize - header.bitmapBytes()) {
            throw SnapshotException.corrupt(
                    name + ": block " + block + " at " + bitmap + " exceeds the file of " + fileSize + " bytes");
        }
        return bitmap;
    }

    /** The first sector has the highest bit of the first byte. */
    private boolean written(long bitmap, int sector) {
        long word = word(bitmap, sector);
        return (word << (sector % Long.SIZE)) < 0;
    }

    /** Whether 64 sectors from {@code sector} on, none behind {@code last}, are alike. */
    private boolean uniform(long bitmap, int sector, int last, boolean written) {
        return sector % Long.SIZE == 0 && sector + Long.SIZE - 1 <= last && word(bitmap, sector) == (written ? -1L : 0);
    }

    private long word(long bitmap, int sector) {
        return bitmaps.getLong(bitmap + (long) (sector / Long.SIZE) * Long.BYTES);
    }
}
