package io.stillframe.image.vhdx;

import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;

/** The log as a ring of sectors of 4 KiB. For one thread at a time. */
final class LogSectors {
    private static final int READ_AHEAD = 16;

    private final ByteSource file;
    private final long offset;
    private final int count;
    private ByteBuffer buffer = Structures.allocate(0);
    private int first;

    LogSectors(ByteSource file, long offset, int count) {
        this.file = file;
        this.offset = offset;
        this.count = count;
    }

    int count() {
        return count;
    }

    /** Where a sector lies in the file; numbers beyond the last go on with the first. */
    long position(int sector) {
        return offset + (long) (sector % count) * Structures.SECTOR;
    }

    /** The sector's bytes, valid until the next call. */
    ByteBuffer sector(int number) {
        int sector = number % count;
        int buffered = buffer.capacity() / Structures.SECTOR;
        if (sector < first || sector >= first + buffered) {
            buffer = Structures.read(file, position(sector), Math.min(READ_AHEAD, count - sector) * Structures.SECTOR);
            first = sector;
        }
        return buffer.slice((sector - first) * Structures.SECTOR, Structures.SECTOR)
                .order(buffer.order());
    }
}
