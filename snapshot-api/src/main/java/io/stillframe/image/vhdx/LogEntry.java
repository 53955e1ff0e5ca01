package io.stillframe.image.vhdx;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A valid entry of the log ("Log Entry"): its structure and checksum are right; what its descriptors say is not checked.
 *
 * @param sector where in the log it begins
 * @param sectors how many it has
 * @param tailSector where the oldest entry begins that must be replayed with it
 * @param number its sequence number
 * @param descriptors how many it has
 * @param flushedFileOffset how long the file must be at least
 * @param lastFileOffset how long the file was
 */
record LogEntry(
        int sector,
        int sectors,
        int tailSector,
        long number,
        int descriptors,
        long flushedFileOffset,
        long lastFileOffset) {
    /** "zero": a descriptor of zeros. */
    static final int ZERO = 0x6f72657a;

    /** "loge". */
    private static final int ENTRY = 0x65676f6c;

    /** "desc": a descriptor of a sector of data. */
    private static final int DATA = 0x63736564;

    /** "data": a sector of data. */
    private static final int DATA_SECTOR = 0x61746164;

    private static final int HEADER = 64;
    private static final int DESCRIPTOR = 32;
    private static final int IN_FIRST = (Structures.SECTOR - HEADER) / DESCRIPTOR;
    private static final int IN_OTHERS = Structures.SECTOR / DESCRIPTOR;

    /**
     * The entry that begins in this sector, or null if none does. Ends at the first thing that is wrong; as no sector of a valid entry but its
     * first looks like a beginning, trying every sector of a log costs two reads of it at most.
     */
    static @Nullable LogEntry read(LogSectors log, int sector, Guid guid) {
        ByteBuffer header = log.sector(sector);
        long length = Integer.toUnsignedLong(header.getInt(8));
        long tail = Integer.toUnsignedLong(header.getInt(12));
        long logLength = (long) log.count() * Structures.SECTOR;
        boolean plausible = header.getInt(0) == ENTRY
                && Guid.read(header, 32).equals(guid)
                && length > 0
                && length % Structures.SECTOR == 0
                && length <= logLength
                && tail % Structures.SECTOR == 0
                && tail < logLength;
        if (!plausible) {
            return null;
        }
        LogEntry entry = new LogEntry(
                sector,
                (int) (length / Structures.SECTOR),
                (int) (tail / Structures.SECTOR),
                header.getLong(16),
                header.getInt(24),
                header.getLong(48),
                header.getLong(56));
        return entry.isWhole(log) ? entry : null;
    }

    private boolean isWhole(LogSectors log) {
        if (descriptors < 0 || descriptorSectors() > sectors) {
            return false;
        }
        CRC32C crc = new CRC32C();
        int checksum = log.sector(sector).getInt(Structures.AT_CHECKSUM);
        int data = 0;
        for (int i = 0; i < sectors; i++) {
            ByteBuffer bytes = log.sector(sector + i);
            int found = i < descriptorSectors() ? dataDescriptors(bytes, i) : isData(bytes) ? 0 : -1;
            if (found < 0) {
                return false;
            }
            data += found;
            update(crc, bytes, i == 0);
        }
        return data == sectors - descriptorSectors() && (int) crc.getValue() == checksum;
    }

    private static void update(CRC32C crc, ByteBuffer sector, boolean first) {
        if (first) {
            crc.update(sector.duplicate().limit(Structures.AT_CHECKSUM));
            crc.update(new byte[Integer.BYTES]);
            crc.update(sector.duplicate().position(Structures.AT_CHECKSUM + Integer.BYTES));
        } else {
            crc.update(sector.duplicate());
        }
    }

    /** How many data descriptors there are in the entry's n-th sector, or -1 if a descriptor is broken. */
    private int dataDescriptors(ByteBuffer bytes, int n) {
        int from = n == 0 ? 0 : IN_FIRST + (n - 1) * IN_OTHERS;
        int to = Math.min(descriptors, IN_FIRST + n * IN_OTHERS);
        int data = 0;
        for (int i = from; i < to; i++) {
            int at = place(i);
            int signature = bytes.getInt(at);
            if ((signature != ZERO && signature != DATA) || bytes.getLong(at + 24) != number) {
                return -1;
            }
            data += signature == DATA ? 1 : 0;
        }
        return data;
    }

    private boolean isData(ByteBuffer bytes) {
        return bytes.getInt(0) == DATA_SECTOR
                && bytes.getInt(4) == (int) (number >>> Integer.SIZE)
                && bytes.getInt(Structures.SECTOR - Integer.BYTES) == (int) number;
    }

    int descriptorSectors() {
        return descriptors <= IN_FIRST ? 1 : 1 + (descriptors - IN_FIRST + IN_OTHERS - 1) / IN_OTHERS;
    }

    /** A descriptor's bytes, valid until the next call. */
    ByteBuffer descriptor(LogSectors log, int index) {
        int n = index < IN_FIRST ? 0 : 1 + (index - IN_FIRST) / IN_OTHERS;
        ByteBuffer bytes = log.sector(sector + n);
        return bytes.slice(place(index), DESCRIPTOR).order(bytes.order());
    }

    /** Where a descriptor begins in its sector. */
    private static int place(int index) {
        return index < IN_FIRST ? HEADER + index * DESCRIPTOR : (index - IN_FIRST) % IN_OTHERS * DESCRIPTOR;
    }
}
