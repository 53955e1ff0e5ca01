package io.stillframe.image.vmdk;

/** Reads single entries of a grain directory, holding on to the piece that was used last. For one thread at a time. */
final class GrainDirectory {
    private static final int PIECE = TableCache.SLICE / Integer.BYTES;

    private final TableCache tables;
    private final long offset;
    private final int entries;
    private int first = -1;
    private int[] piece = {};

    /** @param offset where it lies in the file, in bytes */
    GrainDirectory(TableCache tables, long offset, int entries) {
        this.tables = tables;
        this.offset = offset;
        this.entries = entries;
    }

    int entries() {
        return entries;
    }

    /** The sector of a grain table, 0 if there is none. */
    long entry(int index) {
        int start = index / PIECE * PIECE;
        if (start != first) {
            piece = tables.entries(offset + (long) start * Integer.BYTES, Math.min(PIECE, entries - start));
            first = start;
        }
        return Integer.toUnsignedLong(piece[index - start]);
    }
}
