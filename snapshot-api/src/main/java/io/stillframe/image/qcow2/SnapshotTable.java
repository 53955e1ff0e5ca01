package io.stillframe.image.qcow2;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;

/** Walks the table of internal snapshots ("Snapshots"). For one thread at a time. */
final class SnapshotTable {
    private static final int FIXED = 40;

    /** QEMU's limit. */
    private static final int MOST_EXTRA_DATA = 1024;

    private final ByteSource image;
    private final Qcow2Header header;
    private final ByteBuffer fixed = ByteBuffer.allocate(FIXED);
    private long at;

    SnapshotTable(ByteSource image, Qcow2Header header) {
        this.image = image;
        this.header = header;
        this.at = header.snapshotsOffset();
    }

    /** One snapshot's L1 table, neither offset nor length checked. */
    record Entry(long l1Offset, int l1Entries) {}

    /** Reads the next entry; to be called as many times as the header has snapshots. */
    Entry next() {
        if (!header.geometry().aligned(header.snapshotsOffset()) || at < 0 || at > image.size() - FIXED) {
            throw SnapshotException.corrupt(
                    image.describe() + " has a snapshot table entry at " + at + ", unaligned or outside the file");
        }
        image.read(at, fixed.clear());
        int extra = fixed.getInt(36);
        if (extra < 0 || extra > MOST_EXTRA_DATA) {
            throw SnapshotException.corrupt(image.describe() + " has " + Integer.toUnsignedString(extra)
                    + " bytes of extra data in a snapshot table entry; at most " + MOST_EXTRA_DATA + " are allowed");
        }
        long length = FIXED + extra + (fixed.getShort(12) & 0xffff) + (long) (fixed.getShort(14) & 0xffff);
        at += (length + 7) / 8 * 8;
        return new Entry(fixed.getLong(0), fixed.getInt(8));
    }

    /** Bytes of the table up to here. */
    long length() {
        return at - header.snapshotsOffset();
    }
}
