package io.stillframe.image.qcow2;

import io.stillframe.internal.image.SliceCache;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;

/**
 * Pieces of an image's L1, L2 and refcount tables, read when needed, the most recently used ones kept. Holds at most {@value #MOST_BYTES}
 * bytes whatever the image's size. Safe for use by several threads: two that miss the same piece may both read it, which is harmless.
 */
final class TableCache {
    /** Bytes of a piece: large enough to make one request to a remote store worthwhile. */
    static final int SLICE = 64 * 1024;

    private static final int MOST_BYTES = 8 << 20;

    private final SliceCache<long[]> slices;

    TableCache(ByteSource image) {
        this.slices = new SliceCache<>(MOST_BYTES, (offset, length) -> read(image, offset, length));
    }

    /**
     * 64-bit words of a table.
     *
     * @param offset where they begin in the file
     * @param length bytes, a multiple of 8, at most {@link #SLICE}; always the same for an offset
     * @return shared, must not be changed
     */
    long[] slice(long offset, int length) {
        return slices.get(offset, length);
    }

    private static long[] read(ByteSource image, long offset, int length) {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        image.read(offset, buffer);
        long[] words = new long[length / Long.BYTES];
        buffer.flip().asLongBuffer().get(words);
        return words;
    }
}
