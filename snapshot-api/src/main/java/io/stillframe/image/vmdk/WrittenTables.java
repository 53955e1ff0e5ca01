package io.stillframe.image.vmdk;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSink;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The tables of an image that is written in ascending order: one grain table is open, and is written into the stream when the disk's
 * position leaves it, if anything is mapped in it; the directory of those that were written comes at the end. Memory: one grain table,
 * and 8 bytes for each one that was written. For one thread at a time.
 */
final class WrittenTables {
    /** Sectors that the format's 32 bits can number: 2 TiB. */
    private static final long MOST_SECTORS = 1L << 32;

    private static final int PIECE = 64 * 1024;

    private final int directoryEntries;
    private final ByteBuffer table =
            ByteBuffer.allocate(SparseHeader.TABLE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private int[] indexes = new int[64];
    private int[] places = new int[64];
    private int written;
    private int index;
    private boolean used;
    private long end;

    WrittenTables(int directoryEntries) {
        this.directoryEntries = directoryEntries;
    }

    /** Sectors of the file so far. */
    long end() {
        return end;
    }

    /** Counts sectors that were written. */
    void advance(long sectors) {
        end += sectors;
        if (end > MOST_SECTORS) {
            throw SnapshotException.unsupported("a vmdk file can have at most " + Sectors.bytes(MOST_SECTORS)
                    + " bytes (2 TiB), and this disk's data needs more; choose another format, such as qcow2");
        }
    }

    /** Goes to the grain table of a grain; must come before space is taken for it. */
    void goTo(long grain, ByteSink body) {
        int target = (int) (grain / SparseHeader.TABLE_ENTRIES);
        if (target != index) {
            close(body);
            index = target;
        }
    }

    /** Maps a grain in the table that is open to the file's end. */
    void map(long grain) {
        table.putInt((int) (grain % SparseHeader.TABLE_ENTRIES) * Integer.BYTES, (int) end);
        used = true;
    }

    private void close(ByteSink body) {
        if (!used) {
            return;
        }
        long sectors = Sectors.of(SparseHeader.TABLE_BYTES);
        body.write(Marker.metadata(Marker.GRAIN_TABLE, sectors));
        advance(1);
        if (written == indexes.length) {
            indexes = Arrays.copyOf(indexes, 2 * written);
            places = Arrays.copyOf(places, 2 * written);
        }
        indexes[written] = index;
        places[written++] = (int) end;
        body.write(table.clear());
        advance(sectors);
        Arrays.fill(table.array(), (byte) 0);
        used = false;
    }

    /** Writes the last table and the directory, and returns the directory's sector. */
    long finish(ByteSink body) {
        close(body);
        long sectors = Sectors.of((long) directoryEntries * Integer.BYTES);
        body.write(Marker.metadata(Marker.GRAIN_DIRECTORY, sectors));
        advance(1);
        long directory = end;
        ByteBuffer piece = ByteBuffer.allocate(PIECE).order(ByteOrder.LITTLE_ENDIAN);
        int next = 0;
        for (long start = 0; start < Sectors.bytes(sectors); start += PIECE) {
            Arrays.fill(piece.array(), (byte) 0);
            piece.clear().limit((int) Math.min(PIECE, Sectors.bytes(sectors) - start));
            while (next < written && (long) indexes[next] * Integer.BYTES < start + PIECE) {
                piece.putInt((int) ((long) indexes[next] * Integer.BYTES - start), places[next]);
                next++;
            }
            body.write(piece);
        }
        advance(sectors);
        return directory;
    }
}
