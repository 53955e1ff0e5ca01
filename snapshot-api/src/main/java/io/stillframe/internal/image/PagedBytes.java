package io.stillframe.internal.image;

import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An image's tables, read in pages when they are needed, the most recently used ones kept: memory does not grow with the image. Safe for use
 * by several threads through a {@link Cursor} each: two that miss the same page may both read it, which is harmless.
 */
public final class PagedBytes {
    private final ByteSource image;
    private final ByteOrder order;
    private final int pageSize;
    private final Map<Long, ByteBuffer> pages;

    /**
     * @param image not closed here
     * @param order of the numbers in it
     * @param pageSize bytes of a page, a power of two, at least 8
     * @param mostPages pages that are kept, at least 1
     */
    public PagedBytes(ByteSource image, ByteOrder order, int pageSize, int mostPages) {
        this.image = image;
        this.order = order;
        this.pageSize = pageSize;
        this.pages = new RecentPages(mostPages);
    }

    /** Starts to read; for one thread at a time. */
    public Cursor cursor() {
        return new Cursor();
    }

    private ByteBuffer page(long start) {
        synchronized (pages) {
            ByteBuffer known = pages.get(start);
            if (known != null) {
                return known;
            }
        }
        ByteBuffer read = ByteBuffer.allocate((int) Math.min(pageSize, image.size() - start));
        image.read(start, read);
        read.flip().order(order);
        synchronized (pages) {
            pages.put(start, read);
        }
        return read;
    }

    /** Reads numbers, holding on to the page that was used last. */
    public final class Cursor {
        private long start = -1;
        private ByteBuffer page = ByteBuffer.allocate(0);

        private Cursor() {}

        /** The number at {@code position}, a multiple of 4; the image must reach behind it. */
        public int getInt(long position) {
            return page(position).getInt((int) (position - start));
        }

        /** The number at {@code position}, a multiple of 8; the image must reach behind it. */
        public long getLong(long position) {
            return page(position).getLong((int) (position - start));
        }

        private ByteBuffer page(long position) {
            long wanted = position & -pageSize;
            if (wanted != start) {
                page = PagedBytes.this.page(wanted);
                start = wanted;
            }
            return page;
        }
    }

    private static final class RecentPages extends LinkedHashMap<Long, ByteBuffer> {
        private static final long serialVersionUID = 1L;

        private final int most;

        RecentPages(int most) {
            super(16, 0.75f, true);
            this.most = most;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, ByteBuffer> eldest) {
            return size() > most;
        }
    }
}
