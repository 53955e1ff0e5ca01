package io.stillframe.image.vhd;

import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A hard disk footer ("Hard Disk Footer Format").
 *
 * @param type fixed or dynamic
 * @param dataOffset where the dynamic disk header lies; not checked
 * @param creator the program that made the image, four characters
 * @param currentSize the disk's size as the footer has it; not checked
 * @param geometry the disk's geometry
 * @param exactSize the disk's size if it is no multiple of 512 bytes, by the mark that only Stillframe writes; else -1
 */
record Footer(DiskType type, long dataOffset, String creator, long currentSize, Chs geometry, long exactSize) {
    static final int LENGTH = 512;

    /** Footers before Virtual PC 2004 lack the last byte. */
    static final int LENGTH_OLD = 511;

    /** "conectix". */
    static final long COOKIE = 0x636f6e6563746978L;

    static final long NO_OFFSET = -1;

    private static final int FEATURES_RESERVED = 2;
    private static final int VERSION = 0x0001_0000;
    private static final String CREATOR = "sfrm";
    private static final int HOST_WINDOWS = 0x5769326b;
    private static final int AT_CREATOR = 28;
    private static final int AT_CHECKSUM = 64;

    /**
     * Stillframe's own mark in the reserved bytes, of a disk whose exact size is no multiple of what is stored: the mark, the exact size,
     * and the current size that it belongs to; so it is void once another program has resized the disk.
     */
    private static final int AT_MARK = 480;

    private static final long MARK = 0x5354494c4c46524dL;

    enum DiskType {
        FIXED(2),
        DYNAMIC(3);

        private final int code;

        DiskType(int code) {
            this.code = code;
        }

        static DiskType ofCode(int code) {
            return switch (code) {
                case 2 -> FIXED;
                case 3 -> DYNAMIC;
                case 4 ->
                    throw SnapshotException.unsupported(
                            "a differencing VHD needs its parent disk, which is not supported;"
                                    + " merge it into its parent or convert it to a full image first");
                default ->
                    throw SnapshotException.corrupt("a VHD footer has disk type " + Integer.toUnsignedString(code)
                            + "; 2 (fixed), 3 (dynamic) and 4 (differencing) exist");
            };
        }
    }

    /** Whether these bytes begin with a footer whose checksum is right. */
    static boolean isFooter(ByteBuffer bytes) {
        return bytes.remaining() >= LENGTH_OLD
                && bytes.getLong(0) == COOKIE
                && Checksum.of(bytes, AT_CHECKSUM) == bytes.getInt(AT_CHECKSUM);
    }

    /**
     * Reads a footer for which {@link #isFooter} holds.
     *
     * @throws SnapshotException CORRUPT or UNSUPPORTED
     */
    static Footer read(ByteBuffer bytes) {
        if (bytes.getInt(12) >>> 16 != VERSION >>> 16) {
            throw SnapshotException.unsupported(
                    "a VHD footer has version " + Integer.toHexString(bytes.getInt(12)) + " (hex); 10000 is supported");
        }
        byte[] creator = new byte[4];
        bytes.get(AT_CREATOR, creator);
        long currentSize = bytes.getLong(48);
        boolean marked = bytes.getLong(AT_MARK) == MARK && bytes.getLong(AT_MARK + 16) == currentSize;
        return new Footer(
                DiskType.ofCode(bytes.getInt(60)),
                bytes.getLong(16),
                new String(creator, StandardCharsets.ISO_8859_1),
                currentSize,
                Chs.ofField(bytes.getInt(56)),
                marked ? bytes.getLong(AT_MARK + 8) : -1);
    }

    /**
     * Whether the disk's size is what the geometry says. Virtual PC and old QEMU show a guest no more than that; every other creator means
     * the current size, and so do they where the geometry is the largest one. (QEMU goes by the geometry of creators that it does not
     * know, too, which would cut disks off.)
     */
    boolean sizedByGeometry() {
        return (creator.equals("vpc ") || creator.equals("qemu")) && !geometry.equals(Chs.LARGEST);
    }

    /** The disk's size in bytes; may be any number. */
    long size() {
        if (exactSize >= 0 && exactSize <= currentSize) {
            return exactSize;
        }
        return sizedByGeometry() ? geometry.sectors() * 512 : currentSize;
    }

    /**
     * Writes a footer.
     *
     * @param virtualSize the disk's size
     * @param storedSize the size that all readers know, a multiple of 512
     * @param id 16 bytes
     */
    static ByteBuffer write(DiskType type, long dataOffset, long virtualSize, long storedSize, byte[] id) {
        ByteBuffer footer = ByteBuffer.allocate(LENGTH);
        footer.putLong(COOKIE).putInt(FEATURES_RESERVED).putInt(VERSION).putLong(dataOffset);
        footer.putInt(0); // no time: the same disk gives the same image
        footer.put(CREATOR.getBytes(StandardCharsets.US_ASCII)).putInt(VERSION).putInt(HOST_WINDOWS);
        footer.putLong(storedSize).putLong(storedSize);
        footer.putInt(Chs.exactFor(storedSize / 512).field()).putInt(type.code).putInt(0);
        footer.put(id);
        if (virtualSize != storedSize) {
            footer.putLong(AT_MARK, MARK).putLong(AT_MARK + 8, virtualSize).putLong(AT_MARK + 16, storedSize);
        }
        return footer.putInt(AT_CHECKSUM, Checksum.of(footer.clear(), AT_CHECKSUM));
    }
}
