package io.stillframe.internal.image;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Slices of an image's tables, read when they are needed, the most recently used ones kept: memory does not grow with the image. Safe for
 * use by several threads: two that miss the same slice may both read it, which is harmless.
 *
 * @param <T> what a slice is turned into; shared, must not be changed
 */
public final class SliceCache<T> {
    private final int mostBytes;
    private final Reader<T> reader;
    private final Map<Long, Slice<T>> slices = new LinkedHashMap<>(16, 0.75f, true);
    private int bytes;

    /** Reads slices; safe for use by several threads. */
    @FunctionalInterface
    public interface Reader<T> {
        /** The slice of {@code length} bytes at {@code offset} of the file. Throws as reading the image does. */
        T read(long offset, int length);
    }

    private record Slice<T>(T content, int length) {}

    /** @param mostBytes bytes of slices that are kept; at least those of the largest slice */
    public SliceCache(int mostBytes, Reader<T> reader) {
        this.mostBytes = mostBytes;
        this.reader = reader;
    }

    /**
     * A slice.
     *
     * @param offset where it begins in the file
     * @param length its bytes, above 0
     */
    public T get(long offset, int length) {
        synchronized (this) {
            Slice<T> known = slices.get(offset);
            if (known != null && known.length == length) {
                return known.content;
            }
        }
        T read = reader.read(offset, length);
        keep(offset, new Slice<>(read, length));
        return read;
    }

    private synchronized void keep(long offset, Slice<T> slice) {
        Slice<T> replaced = slices.put(offset, slice);
        bytes += slice.length - (replaced == null ? 0 : replaced.length);
        Iterator<Slice<T>> oldest = slices.values().iterator();
        while (bytes > mostBytes) {
            bytes -= oldest.next().length;
            oldest.remove();
        }
    }
}
