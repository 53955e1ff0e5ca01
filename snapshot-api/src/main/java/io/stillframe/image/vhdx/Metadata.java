package io.stillframe.image.vhdx;

import static io.stillframe.model.SnapshotException.corrupt;
import static io.stillframe.model.SnapshotException.unsupported;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the metadata region says of the disk ("Metadata Region", "Known Metadata Items").
 *
 * @param blockSize bytes of disk in a payload block, 1 MiB to 256 MiB
 * @param leaveAllocated whether blocks stay allocated: a fixed disk
 * @param size the disk's size in bytes
 * @param logicalSector 512 or 4096
 * @param physicalSector as the image says
 */
record Metadata(int blockSize, boolean leaveAllocated, long size, int logicalSector, int physicalSector) {
    /** The format's limit. */
    static final long LARGEST_DISK = 64L << 40;

    static final int SMALLEST_BLOCK = 1 << 20;
    static final int LARGEST_BLOCK = 256 << 20;

    /** "metadata". */
    private static final long SIGNATURE = 0x617461646174656dL;

    private static final int TABLE = 64 << 10;
    private static final int HEADER = 32;
    private static final int ENTRY = 32;
    private static final int MOST = 2047;
    private static final int IS_USER = 1;
    private static final int IS_DISK = 2;
    private static final int IS_REQUIRED = 4;
    private static final int LEAVE_ALLOCATED = 1;
    private static final int HAS_PARENT = 2;

    private static final Guid FILE_PARAMETERS = Guid.of("caa16737-fa36-4d43-b3b6-33f0aa44e76b");
    private static final Guid DISK_SIZE = Guid.of("2fa54224-cd1b-4876-b211-5dbed83bf4b8");
    private static final Guid DISK_ID = Guid.of("beca12ab-b2e6-4523-93ef-c309e000c746");
    private static final Guid LOGICAL_SECTOR = Guid.of("8141bf1d-a96f-4709-ba47-f233a8faab5f");
    private static final Guid PHYSICAL_SECTOR = Guid.of("cda348c7-445d-4471-9cc9-e9885251c556");
    private static final Guid PARENT_LOCATOR = Guid.of("a8d35f2d-b30b-454d-abf7-d3d84834ab0c");

    /**
     * Stillframe's own user item, 16 bytes: the exact size of a disk that is no multiple of 512 bytes, and the disk size that it belongs to, so
     * that it is void once another program has resized the disk.
     */
    private static final Guid EXACT_SIZE = Guid.of("53464d58-5a45-4b8e-9a52-7374696c6c66");

    /** @throws SnapshotException CORRUPT or UNSUPPORTED */
    static Metadata read(ByteSource image, Regions.Region region) {
        ByteBuffer table = Structures.read(image, region.offset(), TABLE);
        int count = Short.toUnsignedInt(table.getShort(10));
        if (table.getLong(0) != SIGNATURE || count > MOST) {
            throw corrupt("a VHDX metadata table has no signature or more than " + MOST + " entries");
        }
        Map<Guid, ByteBuffer> items = new HashMap<>();
        for (int i = 0; i < count; i++) {
            int at = HEADER + i * ENTRY;
            Guid id = Guid.read(table, at);
            int flags = table.getInt(at + 24);
            if (known(id) > 0) {
                ByteBuffer item = item(image, region, table.getInt(at + 16), table.getInt(at + 20), known(id), id);
                if (items.put(id, item) != null) {
                    throw corrupt("a VHDX metadata table has item " + id + " twice");
                }
            } else if ((flags & IS_REQUIRED) != 0 && !id.equals(PARENT_LOCATOR) && !id.equals(DISK_ID)) {
                throw unsupported("a VHDX file needs a metadata item that is not known: " + id);
            }
        }
        return of(items);
    }

    /** Bytes of an item that is used; 0 if it is not. */
    private static int known(Guid id) {
        if (id.equals(FILE_PARAMETERS) || id.equals(DISK_SIZE)) {
            return 8;
        }
        if (id.equals(LOGICAL_SECTOR) || id.equals(PHYSICAL_SECTOR)) {
            return 4;
        }
        return id.equals(EXACT_SIZE) ? 16 : 0;
    }

    private static ByteBuffer item(
            ByteSource image, Regions.Region region, int offset, int length, int expected, Guid id) {
        if (length != expected || offset < TABLE || offset > region.length() - length) {
            throw corrupt("the VHDX metadata item " + id + " of " + Integer.toUnsignedString(length) + " bytes at "
                    + Integer.toUnsignedString(offset) + " must have " + expected
                    + " and lie in its region behind the table");
        }
        return Structures.read(image, region.offset() + offset, length);
    }

    private static Metadata of(Map<Guid, ByteBuffer> items) {
        int flags = required(items, FILE_PARAMETERS).getInt(4);
        if ((flags & HAS_PARENT) != 0) {
            throw unsupported(
                    "a differencing VHDX needs its parent disk, which is not supported; merge it into its parent"
                            + " or convert it to a full image first");
        }
        int blockSize = required(items, FILE_PARAMETERS).getInt(0);
        if (Integer.bitCount(blockSize) != 1 || blockSize < SMALLEST_BLOCK || blockSize > LARGEST_BLOCK) {
            throw corrupt("a VHDX file has blocks of " + Integer.toUnsignedString(blockSize)
                    + " bytes; a power of two from 1 MiB to 256 MiB is allowed");
        }
        int sector = sector(items, LOGICAL_SECTOR);
        long size = required(items, DISK_SIZE).getLong(0);
        if (size < 0 || size > LARGEST_DISK || size % sector != 0) {
            throw corrupt("a VHDX disk has " + Long.toUnsignedString(size) + " bytes; a multiple of its sectors of "
                    + sector + " up to " + LARGEST_DISK + " is allowed");
        }
        return new Metadata(
                blockSize,
                (flags & LEAVE_ALLOCATED) != 0,
                exact(items.get(EXACT_SIZE), size),
                sector,
                sector(items, PHYSICAL_SECTOR));
    }

    private static long exact(@Nullable ByteBuffer mark, long size) {
        if (mark == null) {
            return size;
        }
        long exact = mark.getLong(0);
        return mark.getLong(8) == size && exact >= 0 && exact <= size ? exact : size;
    }

    private static int sector(Map<Guid, ByteBuffer> items, Guid id) {
        int sector = required(items, id).getInt(0);
        if (sector != 512 && sector != 4096) {
            throw corrupt("a VHDX disk has sectors of " + Integer.toUnsignedString(sector)
                    + " bytes; 512 and 4096 are allowed");
        }
        return sector;
    }

    private static ByteBuffer required(Map<Guid, ByteBuffer> items, Guid id) {
        ByteBuffer item = items.get(id);
        if (item == null) {
            throw corrupt("a VHDX file lacks the metadata item " + id);
        }
        return item;
    }

    // The block allocation table ("BAT") follows from these.

    long blocks() {
        return size == 0 ? 0 : (size - 1) / blockSize + 1;
    }

    /** Payload blocks for each sector bitmap block; each bitmap's entry follows theirs. */
    long chunkRatio() {
        return (1L << 23) * logicalSector / blockSize;
    }

    /** Entries of the table up to the last payload block's. */
    long tableEntries() {
        return blocks() == 0 ? 0 : entryOf(blocks() - 1) + 1;
    }

    long entryOf(long block) {
        return block + block / chunkRatio();
    }

    /**
     * Writes table and items; the rest of the region is zeros.
     *
     * @param exactSize the disk's size in place of this one's, which is rounded up
     */
    ByteBuffer write(long exactSize, Guid diskId) {
        ByteBuffer bytes = Structures.allocate(TABLE + 64);
        bytes.putLong(0, SIGNATURE).putShort(10, (short) (exactSize == size ? 5 : 6));
        putEntry(bytes, 0, FILE_PARAMETERS, 0, 8, IS_REQUIRED);
        putEntry(bytes, 1, DISK_SIZE, 8, 8, IS_DISK | IS_REQUIRED);
        putEntry(bytes, 2, DISK_ID, 16, 16, IS_DISK | IS_REQUIRED);
        putEntry(bytes, 3, LOGICAL_SECTOR, 32, 4, IS_DISK | IS_REQUIRED);
        putEntry(bytes, 4, PHYSICAL_SECTOR, 36, 4, IS_DISK | IS_REQUIRED);
        bytes.putInt(TABLE, blockSize).putInt(TABLE + 4, leaveAllocated ? LEAVE_ALLOCATED : 0);
        bytes.putLong(TABLE + 8, size);
        diskId.write(bytes, TABLE + 16);
        bytes.putInt(TABLE + 32, logicalSector).putInt(TABLE + 36, physicalSector);
        if (exactSize != size) {
            putEntry(bytes, 5, EXACT_SIZE, 40, 16, IS_USER | IS_DISK);
            bytes.putLong(TABLE + 40, exactSize).putLong(TABLE + 48, size);
        }
        return bytes;
    }

    private static void putEntry(ByteBuffer bytes, int index, Guid id, int offset, int length, int flags) {
        int at = HEADER + index * ENTRY;
        id.write(bytes, at);
        bytes.putInt(at + 16, TABLE + offset).putInt(at + 20, length).putInt(at + 24, flags);
    }
}
