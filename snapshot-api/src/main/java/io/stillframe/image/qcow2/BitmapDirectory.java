package io.stillframe.image.qcow2;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Walks the directory of persistent bitmaps ("Bitmap directory"). For one thread at a time. */
final class BitmapDirectory {
    /** QEMU's limit. */
    static final int MOST_BITMAPS = 65_535;

    private static final int FIXED = 24;
    private static final int LONGEST_NAME = 1023;
    private static final int IN_USE = 1;

    private final ByteSource image;
    private final long end;
    private final ByteBuffer fixed = ByteBuffer.allocate(FIXED);
    private long at;

    BitmapDirectory(ByteSource image, Qcow2Header.Bitmaps bitmaps, Geometry geometry) {
        long size = bitmaps.directorySize();
        if (bitmaps.count() < 1
                || bitmaps.count() > MOST_BITMAPS
                || bitmaps.directoryOffset() < geometry.clusterSize()
                || !geometry.aligned(bitmaps.directoryOffset())
                || size < 0
                || bitmaps.directoryOffset() > image.size() - size) {
            throw SnapshotException.corrupt(image.describe() + " has a directory of "
                    + Integer.toUnsignedString(bitmaps.count()) + " bitmaps at "
                    + Long.toUnsignedString(bitmaps.directoryOffset())
                    + ": it must have 1 to " + MOST_BITMAPS + ", be aligned and lie within the file");
        }
        this.image = image;
        this.at = bitmaps.directoryOffset();
        this.end = at + size;
    }

    /**
     * One bitmap.
     *
     * @param tableOffset where its table begins; not checked
     * @param tableEntries entries of its table; not checked
     * @param inUse whether it was not saved correctly and may be inconsistent
     * @param name its name
     */
    record Entry(long tableOffset, int tableEntries, boolean inUse, String name) {}

    /** Reads the next entry; to be called as many times as there are bitmaps. */
    Entry next() {
        requireRoom(FIXED);
        image.read(at, fixed.clear());
        int nameLength = fixed.getShort(18) & 0xffff;
        int extra = fixed.getInt(20);
        if (nameLength < 1 || nameLength > LONGEST_NAME || extra < 0) {
            throw SnapshotException.corrupt(image.describe() + " has a bitmap with a name of " + nameLength
                    + " bytes; 1 to " + LONGEST_NAME + " are allowed");
        }
        long length = (long) FIXED + extra + nameLength;
        requireRoom(length);
        ByteBuffer name = ByteBuffer.allocate(nameLength);
        image.read(at + FIXED + extra, name);
        at += (length + 7) / 8 * 8;
        return new Entry(
                fixed.getLong(0),
                fixed.getInt(8),
                (fixed.getInt(12) & IN_USE) != 0,
                StandardCharsets.UTF_8.decode(name.flip()).toString());
    }

    private void requireRoom(long length) {
        if (length > end - at) {
            throw SnapshotException.corrupt(
                    image.describe() + " has a bitmap directory that is too short for its entries");
        }
    }
}
