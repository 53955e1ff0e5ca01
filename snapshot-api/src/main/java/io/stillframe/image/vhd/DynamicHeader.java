package io.stillframe.image.vhd;

import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;

/**
 * A dynamic disk header ("Dynamic Disk Header Format"), checked as far as it can be without the file.
 *
 * @param tableOffset where the block allocation table begins, a multiple of 512; its end is not checked
 * @param entries entries of the table
 * @param blockBits binary logarithm of the bytes of disk in a block
 */
record DynamicHeader(long tableOffset, long entries, int blockBits) {
    static final int LENGTH = 1024;
    static final int SECTOR = 512;

    /** "cxsparse". */
    private static final long COOKIE = 0x6378737061727365L;

    private static final int VERSION = 0x0001_0000;
    private static final int AT_CHECKSUM = 36;
    private static final int FEWEST_BITS = 12;
    private static final int MOST_BITS = 28;

    /** @throws SnapshotException CORRUPT or UNSUPPORTED */
    static DynamicHeader read(ByteBuffer bytes) {
        if (bytes.getLong(0) != COOKIE) {
            throw SnapshotException.corrupt("a dynamic VHD has no dynamic disk header where its footer says");
        }
        if (Checksum.of(bytes, AT_CHECKSUM) != bytes.getInt(AT_CHECKSUM)) {
            throw SnapshotException.corrupt("the checksum of a VHD's dynamic disk header is wrong");
        }
        if (bytes.getInt(24) >>> 16 != VERSION >>> 16) {
            throw SnapshotException.unsupported("a VHD's dynamic disk header has version "
                    + Integer.toHexString(bytes.getInt(24)) + " (hex); 10000 is supported");
        }
        long table = bytes.getLong(16);
        if (table < 0 || table % SECTOR != 0) {
            throw SnapshotException.corrupt("a VHD's block allocation table at " + Long.toUnsignedString(table)
                    + " does not begin at a multiple of " + SECTOR);
        }
        return new DynamicHeader(table, Integer.toUnsignedLong(bytes.getInt(28)), blockBits(bytes.getInt(32)));
    }

    private static int blockBits(int blockSize) {
        if (Integer.bitCount(blockSize) != 1) {
            throw SnapshotException.corrupt("a VHD has blocks of " + Integer.toUnsignedString(blockSize)
                    + " bytes; they must be a power of two");
        }
        int bits = Integer.numberOfTrailingZeros(blockSize);
        if (bits < FEWEST_BITS || bits > MOST_BITS) {
            throw SnapshotException.unsupported("a VHD has blocks of " + Integer.toUnsignedString(blockSize)
                    + " bytes; 4 KiB to 256 MiB are supported");
        }
        return bits;
    }

    /** Bytes of the sector bitmap in front of each block's data ("Block Allocation Table and Data Blocks"). */
    int bitmapBytes() {
        return bitmapBytes(1 << blockBits);
    }

    static int bitmapBytes(int blockSize) {
        int bytes = blockSize / SECTOR / Byte.SIZE;
        return (bytes + SECTOR - 1) / SECTOR * SECTOR;
    }

    /** Writes a header for a table right behind it. */
    static ByteBuffer write(long tableOffset, int entries, int blockSize) {
        ByteBuffer header = ByteBuffer.allocate(LENGTH);
        header.putLong(COOKIE).putLong(Footer.NO_OFFSET).putLong(tableOffset);
        header.putInt(VERSION).putInt(entries).putInt(blockSize);
        return header.putInt(AT_CHECKSUM, Checksum.of(header.clear(), AT_CHECKSUM));
    }
}
