package io.stillframe.image.vhdx;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageSpec;

/**
 * Where a written image keeps what: headers, log, blocks with data, metadata, block allocation table.
 *
 * @param virtualSize the disk's size
 * @param blockSize bytes of disk in a block
 */
record VhdxLayout(long virtualSize, int blockSize) {
    static final int LOG_OFFSET = 1 << 20;
    static final int LOG_LENGTH = 1 << 20;
    static final int FIRST_BLOCK = LOG_OFFSET + LOG_LENGTH;
    static final int METADATA_LENGTH = 1 << 20;
    static final int LOGICAL_SECTOR = 512;

    private static final int DEFAULT_BLOCK = 2 << 20;
    private static final int PHYSICAL_SECTOR = 4096;

    /** So many blocks at most by default: the table takes no more than 4 MiB. */
    private static final long MOST_BLOCKS = 1 << 19;

    static VhdxLayout of(ImageSpec spec) {
        if (spec.virtualSize() > Metadata.LARGEST_DISK) {
            throw SnapshotException.invalid(
                    "a VHDX disk has at most " + Metadata.LARGEST_DISK + " bytes (64 TiB), got " + spec.virtualSize());
        }
        int block = spec.clusterSize().orElseGet(() -> defaultBlock(spec.virtualSize()));
        if (block < Metadata.SMALLEST_BLOCK || block > Metadata.LARGEST_BLOCK) {
            throw SnapshotException.invalid("a VHDX file's block (cluster) size must be " + Metadata.SMALLEST_BLOCK
                    + " to " + Metadata.LARGEST_BLOCK + " bytes, got " + block);
        }
        return new VhdxLayout(spec.virtualSize(), block);
    }

    private static int defaultBlock(long virtualSize) {
        int block = DEFAULT_BLOCK;
        while (virtualSize > block * MOST_BLOCKS) {
            block *= 2;
        }
        return block;
    }

    /** The disk as all readers know it: its size rounded up to whole sectors. */
    Metadata metadata() {
        long size = (virtualSize + LOGICAL_SECTOR - 1) / LOGICAL_SECTOR * LOGICAL_SECTOR;
        return new Metadata(blockSize, false, size, LOGICAL_SECTOR, PHYSICAL_SECTOR);
    }

    /** Where the metadata lies behind so many blocks, the table behind it. */
    Regions regions(long blocks) {
        long metadata = FIRST_BLOCK + blocks * blockSize;
        long table = metadata + METADATA_LENGTH;
        return new Regions(new Regions.Region(table, tableLength()), new Regions.Region(metadata, METADATA_LENGTH));
    }

    private long tableLength() {
        long mebibytes = (metadata().tableEntries() * Long.BYTES + Structures.MIB - 1) / Structures.MIB;
        return Math.max(1, mebibytes) * Structures.MIB;
    }

    /** Bytes of an image with so many blocks. */
    long fileSize(long blocks) {
        Regions.Region table = regions(blocks).table();
        return table.offset() + table.length();
    }
}
