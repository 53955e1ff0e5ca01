package io.stillframe.image.vhdx;

import static io.stillframe.model.SnapshotException.corrupt;
import static io.stillframe.model.SnapshotException.unsupported;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * Where the regions lie ("Region Table"), checked against the file's length.
 *
 * @param table the block allocation table
 * @param metadata the metadata region
 */
record Regions(Region table, Region metadata) {
    /** "regi". */
    static final int SIGNATURE = 0x69676572;

    static final int LENGTH = 64 << 10;

    private static final Guid TABLE = Guid.of("2dc27766-f623-4200-9d64-115e9bfd4a08");
    private static final Guid METADATA = Guid.of("8b7ca206-4790-4b9a-b8fe-575f050f886e");
    private static final int HEADER = 16;
    private static final int ENTRY = 32;
    private static final int MOST = 2047;
    private static final int REQUIRED = 1;

    /**
     * A region.
     *
     * @param offset where it begins, a multiple of 1 MiB
     * @param length its bytes, a multiple of 1 MiB
     */
    record Region(long offset, long length) {}

    /** @throws SnapshotException CORRUPT or UNSUPPORTED */
    static Regions read(ByteSource image) {
        for (long at : Structures.REGION_TABLES) {
            ByteBuffer bytes = Structures.read(image, at, LENGTH);
            if (Structures.isIntact(bytes, SIGNATURE)) {
                return read(bytes, image.size());
            }
        }
        throw corrupt("both VHDX region tables are broken");
    }

    private static Regions read(ByteBuffer bytes, long fileSize) {
        int count = bytes.getInt(8);
        if (count < 0 || count > MOST) {
            throw corrupt("a VHDX region table has " + Integer.toUnsignedString(count) + " entries, at most " + MOST
                    + " are allowed");
        }
        Map<Guid, Region> regions = new HashMap<>();
        for (int i = 0; i < count; i++) {
            int at = HEADER + i * ENTRY;
            Guid id = Guid.read(bytes, at);
            if (id.equals(TABLE) || id.equals(METADATA)) {
                Region region = region(bytes.getLong(at + 16), Integer.toUnsignedLong(bytes.getInt(at + 24)), fileSize);
                if (regions.put(id, region) != null) {
                    throw corrupt("a VHDX region table has region " + id + " twice");
                }
            } else if ((bytes.getInt(at + 28) & REQUIRED) != 0) {
                throw unsupported("a VHDX file needs a region that is not known: " + id);
            }
        }
        Region table = regions.get(TABLE);
        Region metadata = regions.get(METADATA);
        if (table == null || metadata == null) {
            throw corrupt("a VHDX region table lacks the block allocation table or the metadata region");
        }
        return new Regions(table, metadata);
    }

    private static Region region(long offset, long length, long fileSize) {
        boolean aligned = offset % Structures.MIB == 0 && length % Structures.MIB == 0 && length > 0;
        if (!aligned || offset < Structures.MIB || offset > fileSize - length) {
            throw corrupt("a VHDX region of " + length + " bytes at " + Long.toUnsignedString(offset)
                    + " is not aligned to 1 MiB or exceeds the file of " + fileSize + " bytes");
        }
        return new Region(offset, length);
    }

    ByteBuffer write() {
        ByteBuffer bytes = Structures.allocate(LENGTH);
        bytes.putInt(0, SIGNATURE).putInt(8, 2);
        write(bytes, HEADER, TABLE, table);
        write(bytes, HEADER + ENTRY, METADATA, metadata);
        return bytes.putInt(Structures.AT_CHECKSUM, Structures.checksum(bytes));
    }

    private static void write(ByteBuffer bytes, int at, Guid id, Region region) {
        id.write(bytes, at);
        bytes.putLong(at + 16, region.offset)
                .putInt(at + 24, (int) region.length)
                .putInt(at + 28, REQUIRED);
    }
}
