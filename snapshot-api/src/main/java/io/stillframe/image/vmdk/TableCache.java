package io.stillframe.image.vmdk;

import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Pieces of an image's grain directory and grain tables, read when needed, the most recently used ones kept. Holds at most
 * {@value #MOST_BYTES} bytes whatever the image's size. Safe for use by several threads: two that miss the same piece may both read it,
 * which is harmless.
 */
final class TableCache {
    /** Bytes of a piece of the directory. */
    static final int SLICE = 64 * 1024;

    private static final int MOST_BYTES = 4 << 20;

    private final ByteSource image;
    private final Map<Long, int[]> slices = new LinkedHashMap<>(16, 0.75f, true);
    private int bytes;

    TableCache(ByteSource image) {
        this.image = image;
    }

    /**
     * Entries of a table, each the number of a sector, unsigned.
     *
     * @param offset where they begin in the file; they lie within it
     * @param entries how many
     * @return shared, must not be changed
     */
    int[] entries(long offset, int entries) {
        synchronized (this) {
            int[] known = slices.get(offset);
            if (known != null && known.length == entries) {
                return known;
            }
        }
        int[] read = read(offset, entries);
        keep(offset, read);
        return read;
    }

    private int[] read(long offset, int entries) {
        ByteBuffer buffer = ByteBuffer.allocate(entries * Integer.BYTES);
        image.read(offset, buffer);
        int[] words = new int[entries];
        buffer.flip().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words);
        return words;
    }

    private synchronized void keep(long offset, int[] words) {
        int[] replaced = slices.put(offset, words);
        bytes += (words.length - (replaced == null ? 0 : replaced.length)) * Integer.BYTES;
        Iterator<int[]> oldest = slices.values().iterator();
        while (bytes > MOST_BYTES) {
            bytes -= oldest.next().length * Integer.BYTES;
            oldest.remove();
        }
    }
}
