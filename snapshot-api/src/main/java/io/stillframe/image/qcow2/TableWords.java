package io.stillframe.image.qcow2;

/** Reads single words of tables that are contiguous in the file, holding on to the piece that was used last. For one thread at a time. */
final class TableWords {
    private static final int SLICE_WORDS = TableCache.SLICE / Long.BYTES;

    private final TableCache tables;
    private long table = -1;
    private long first;
    private long[] slice = {};

    TableWords(TableCache tables) {
        this.tables = tables;
    }

    /**
     * One word.
     *
     * @param offset where the table begins in the file
     * @param words words of the whole table; always the same for an offset
     * @param index of the word
     */
    long word(long offset, long words, long index) {
        if (offset != table || index < first || index >= first + slice.length) {
            long start = index / SLICE_WORDS * SLICE_WORDS;
            int length = (int) Math.min(SLICE_WORDS, words - start);
            slice = tables.slice(offset + start * Long.BYTES, length * Long.BYTES);
            table = offset;
            first = start;
        }
        return slice[(int) (index - first)];
    }
}
