package io.stillframe.image.vmdk;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The first sector of an image, and of a stream-optimized one also the last but one ("Hosted Sparse Extent Header"). Places and lengths
 * are in sectors, as they were read, unchecked.
 *
 * @param version 1, 2 (zeroed grains) or 3 (as 1, perhaps with changed block tracking)
 * @param flags {@code FLAG} bits
 * @param capacity of the disk
 * @param grainSize unit of allocation
 * @param descriptorOffset of the embedded descriptor
 * @param descriptorSize of the embedded descriptor
 * @param tableEntries entries of a grain table
 * @param redundantDirectory of the redundant grain directory
 * @param directory of the grain directory, or {@link #DIRECTORY_AT_END}
 * @param overhead in front of the first grain
 * @param unclean whether the image was not closed cleanly
 * @param compression {@link #COMPRESSION_NONE} or {@link #COMPRESSION_DEFLATE}
 */
record SparseHeader(
        int version,
        int flags,
        long capacity,
        long grainSize,
        long descriptorOffset,
        long descriptorSize,
        int tableEntries,
        long redundantDirectory,
        long directory,
        long overhead,
        boolean unclean,
        int compression) {
    /** "KDMV", read as little endian. */
    static final int MAGIC = 0x564d444b;

    static final int LENGTH = Sectors.SIZE;
    static final int FLAG_NEWLINES = 1;
    static final int FLAG_REDUNDANT = 1 << 1;
    static final int FLAG_ZERO_GRAINS = 1 << 2;
    static final int FLAG_COMPRESSED = 1 << 16;
    static final int FLAG_MARKERS = 1 << 17;
    static final int FLAGS_KNOWN = FLAG_NEWLINES | FLAG_REDUNDANT | FLAG_ZERO_GRAINS | FLAG_COMPRESSED | FLAG_MARKERS;
    static final int COMPRESSION_NONE = 0;
    static final int COMPRESSION_DEFLATE = 1;

    /** The footer says where the directory is. */
    static final long DIRECTORY_AT_END = -1;

    /** Entries of a grain table, the same in all images. */
    static final int TABLE_ENTRIES = 512;

    static final int TABLE_BYTES = TABLE_ENTRIES * Integer.BYTES;

    /** Line ends that a transfer as text would have changed. */
    private static final byte[] NEWLINES = {'\n', ' ', '\r', '\n'};

    private static final int NEWLINES_AT = 73;

    /** Whether the bytes that show damage by a transfer as text are as they must be. */
    static boolean newlinesIntact(ByteBuffer sector) {
        for (int i = 0; i < NEWLINES.length; i++) {
            if (sector.get(NEWLINES_AT + i) != NEWLINES[i]) {
                return false;
            }
        }
        return true;
    }

    static int magic(ByteBuffer sector) {
        return sector.duplicate().order(ByteOrder.LITTLE_ENDIAN).getInt(0);
    }

    /** Reads the fields from a buffer of {@link #LENGTH} bytes. */
    static SparseHeader of(ByteBuffer sector) {
        ByteBuffer fields = sector.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        return new SparseHeader(
                fields.getInt(4),
                fields.getInt(8),
                fields.getLong(12),
                fields.getLong(20),
                fields.getLong(28),
                fields.getLong(36),
                fields.getInt(44),
                fields.getLong(48),
                fields.getLong(56),
                fields.getLong(64),
                fields.get(72) != 0,
                Short.toUnsignedInt(fields.getShort(77)));
    }

    /** The sector that says it. */
    ByteBuffer toBytes() {
        ByteBuffer fields = ByteBuffer.allocate(LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        fields.putInt(MAGIC).putInt(version).putInt(flags);
        fields.putLong(capacity).putLong(grainSize);
        fields.putLong(descriptorOffset).putLong(descriptorSize);
        fields.putInt(tableEntries)
                .putLong(redundantDirectory)
                .putLong(directory)
                .putLong(overhead);
        fields.put((byte) (unclean ? 1 : 0)).put(NEWLINES).putShort((short) compression);
        return fields.clear();
    }

    SparseHeader withDirectory(long sector) {
        return new SparseHeader(
                version,
                flags,
                capacity,
                grainSize,
                descriptorOffset,
                descriptorSize,
                tableEntries,
                redundantDirectory,
                sector,
                overhead,
                unclean,
                compression);
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    boolean compressed() {
        return compression == COMPRESSION_DEFLATE;
    }
}
