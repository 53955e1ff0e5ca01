package io.stillframe.image.vhdx;

import io.stillframe.internal.image.BlockMap;
import io.stillframe.internal.image.MappedRun;
import io.stillframe.internal.image.PagedBytes;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Extent;

/**
 * Finds the disk's bytes by the block allocation table ("BAT Entry"). Without a parent a block is in the file as a whole, or reads as zeros; the
 * sector bitmap blocks, whose entries are interleaved, are of no use.
 */
final class PayloadMap implements BlockMap {
    static final int NOT_PRESENT = 0;
    static final int UNDEFINED = 1;
    static final int ZERO = 2;
    static final int UNMAPPED = 3;
    /** Of version 0.95 of the format. */
    static final int UNMAPPED_OLD = 5;

    static final int FULLY_PRESENT = 6;

    private static final int STATE = 7;
    private static final long OFFSET = -1L << 20;

    private final VhdxImage image;
    private final PagedBytes.Cursor table;

    PayloadMap(VhdxImage image, PagedBytes pages) {
        this.image = image;
        this.table = pages.cursor();
    }

    @Override
    public MappedRun at(long position, long end) {
        int blockSize = image.metadata().blockSize();
        long block = position / blockSize;
        long stop = Math.min(end, (block + 1) * blockSize);
        long entry = entry(block);
        return switch (state(entry)) {
            case NOT_PRESENT, UNDEFINED, UNMAPPED, UNMAPPED_OLD -> new MappedRun(Extent.Kind.HOLE, position, stop, 0);
            case ZERO -> new MappedRun(Extent.Kind.ZERO, position, stop, 0);
            case FULLY_PRESENT ->
                new MappedRun(Extent.Kind.DATA, position, stop, offset(block, entry) + position % blockSize);
            default ->
                throw SnapshotException.corrupt(image.bytes().describe() + ": block " + block + " has state "
                        + state(entry) + ", which a disk without parent cannot have");
        };
    }

    long entry(long block) {
        return word(image.metadata().entryOf(block));
    }

    /** An entry of the table, also of a sector bitmap block. */
    long word(long index) {
        return table.getLong(image.regions().table().offset() + index * Long.BYTES);
    }

    static int state(long entry) {
        return (int) entry & STATE;
    }

    /** Where the block begins in the file by its entry, any multiple of 1 MiB. */
    static long offset(long entry) {
        return entry & OFFSET;
    }

    static boolean hasReservedBits(long entry) {
        return (entry & ~OFFSET & ~STATE) != 0;
    }

    private long offset(long block, long entry) {
        long offset = offset(entry);
        if (offset < Structures.MIB || offset >= image.bytes().size()) {
            throw SnapshotException.corrupt(
                    image.bytes().describe() + ": block " + block + " at " + Long.toUnsignedString(offset)
                            + " is outside of the file of " + image.bytes().size() + " bytes");
        }
        return offset;
    }
}
