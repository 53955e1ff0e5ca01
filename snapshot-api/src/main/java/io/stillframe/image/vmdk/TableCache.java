package io.stillframe.image.vmdk;

import io.stillframe.internal.image.SliceCache;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Pieces of an image's grain directory and grain tables, read when needed, the most recently used ones kept. Holds at most
 * {@value #MOST_BYTES} bytes whatever the image's size. Safe for use by several threads: two that miss the same piece may both read it,
 * which is harmless.
 */
final class TableCache {
    /** Bytes of a piece of the directory. */
    static final int SLICE = 64 * 1024;

    private static final int MOST_BYTES = 4 << 20;

    private final SliceCache<int[]> slices;

    TableCache(ByteSource image) {
        this.slices = new SliceCache<>(MOST_BYTES, (offset, length) -> read(image, offset, length));
    }

    /**
     * Entries of a table, each the number of a sector, unsigned.
     *
     * @param offset where they begin in the file; they lie within it
     * @param entries how many
     * @return shared, must not be changed
     */
    int[] entries(long offset, int entries) {
        return slices.get(offset, entries * Integer.BYTES);
    }

    private static int[] read(ByteSource image, long offset, int length) {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        image.read(offset, buffer);
        int[] words = new int[length / Integer.BYTES];
        buffer.flip().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
        return words;
    }
}
