package io.stillframe.image.qcow2;

import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Pieces of an image's L1, L2 and refcount tables, read when needed, the most recently used ones kept. Holds at most {@value #MOST_BYTES}
 * bytes whatever the image's size. Safe for use by several threads: two that miss the same piece may both read it, which is harmless.
 */
final class TableCache {
    /** Bytes of a piece: large enough to make one request to a remote store worthwhile. */
    static final int SLICE = 64 * 1024;

    private static final int MOST_BYTES = 8 << 20;

    private final ByteSource image;
    private final Map<Long, long[]> slices = new LinkedHashMap<>(16, 0.75f, true);
    private int bytes;

    TableCache(ByteSource image) {
        this.image = image;
    }

    /**
     * 64-bit words of a table.
     *
     * @param offset where they begin in the file
     * @param length bytes, a multiple of 8, at most {@link #SLICE}; always the same for an offset
     * @return shared, must not be changed
     */
    long[] slice(long offset, int length) {
        synchronized (this) {
            long[] known = slices.get(offset);
            if (known != null && known.length * Long.BYTES == length) {
                return known;
            }
        }
        long[] read = read(offset, length);
        keep(offset, read);
        return read;
    }

    private long[] read(long offset, int length) {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        image.read(offset, buffer);
        long[] words = new long[length / Long.BYTES];
        buffer.flip().asLongBuffer().get(words);
        return words;
    }

    private synchronized void keep(long offset, long[] words) {
        long[] replaced = slices.put(offset, words);
        bytes += (words.length - (replaced == null ? 0 : replaced.length)) * Long.BYTES;
        Iterator<long[]> oldest = slices.values().iterator();
        while (bytes > MOST_BYTES) {
            bytes -= oldest.next().length * Long.BYTES;
            oldest.remove();
        }
    }
}
