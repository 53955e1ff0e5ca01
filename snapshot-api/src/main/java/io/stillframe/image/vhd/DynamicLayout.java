package io.stillframe.image.vhd;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageSpec;

/**
 * Where a written dynamic image keeps what: footer copy, dynamic header and block allocation table in front, blocks at a fixed distance, the
 * footer behind.
 *
 * @param virtualSize the disk's size
 * @param blockSize bytes of disk in a block
 */
record DynamicLayout(long virtualSize, int blockSize) {
    private static final int SMALLEST_BLOCK = 512 << 10;
    private static final int DEFAULT_BLOCK = 2 << 20;
    private static final int LARGEST_BLOCK = 16 << 20;
    private static final int ALIGNMENT = 4 << 10;

    static DynamicLayout of(ImageSpec spec) {
        int block = spec.clusterSize().orElse(DEFAULT_BLOCK);
        if (block < SMALLEST_BLOCK || block > LARGEST_BLOCK) {
            throw SnapshotException.invalid("a VHD's block (cluster) size must be " + SMALLEST_BLOCK + " to "
                    + LARGEST_BLOCK + " bytes, got " + block);
        }
        requireSize(spec.virtualSize());
        return new DynamicLayout(spec.virtualSize(), block);
    }

    static void requireSize(long virtualSize) {
        if (virtualSize > VhdHeaders.LARGEST_DYNAMIC) {
            throw SnapshotException.invalid("a VHD has at most " + VhdHeaders.LARGEST_DYNAMIC
                    + " bytes (2040 GiB), the disk has " + virtualSize + "; write a vhdx instead");
        }
    }

    /** The size that all readers know. */
    long storedSize() {
        return roundUp(virtualSize, DynamicHeader.SECTOR);
    }

    int entries() {
        return (int) ((virtualSize + blockSize - 1) / blockSize);
    }

    int bitmapBytes() {
        return DynamicHeader.bitmapBytes(blockSize);
    }

    long tableOffset() {
        return Footer.LENGTH + DynamicHeader.LENGTH;
    }

    /** Bytes up to the first block: what is known last. */
    int firstBlock() {
        long table = tableOffset() + roundUp((long) entries() * Integer.BYTES, DynamicHeader.SECTOR);
        return (int) (roundUp(table + bitmapBytes(), alignment()) - bitmapBytes());
    }

    /** From one block to the next. */
    long stride() {
        return roundUp(bitmapBytes() + (long) blockSize, alignment());
    }

    int padding() {
        return (int) (stride() - bitmapBytes() - blockSize);
    }

    /** Small blocks are left unaligned: the padding would push large disks beyond what sector numbers reach. */
    private int alignment() {
        return blockSize < DEFAULT_BLOCK ? DynamicHeader.SECTOR : ALIGNMENT;
    }

    private static long roundUp(long value, int unit) {
        return (value + unit - 1) / unit * unit;
    }
}
