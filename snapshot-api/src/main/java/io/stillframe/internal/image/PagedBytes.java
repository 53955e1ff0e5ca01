package io.stillframe.internal.image;

import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An image's tables as pages of one size that are kept as in a {@link SliceCache}. Safe for use by several threads through a {@link Cursor}
 * each.
 */
public final class PagedBytes {
    private final ByteSource image;
    private final ByteOrder order;
    private final int pageSize;
    private final SliceCache<ByteBuffer> pages;

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
        this.pages = new SliceCache<>(pageSize * mostPages, this::read);
    }

    /** Starts to read; for one thread at a time. */
    public Cursor cursor() {
        return new Cursor();
    }

    private ByteBuffer read(long start, int length) {
        ByteBuffer page = ByteBuffer.allocate(length);
        image.read(start, page);
        return page.flip().order(order);
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
                page = pages.get(wanted, (int) Math.min(pageSize, image.size() - wanted));
                start = wanted;
            }
            return page;
        }
    }
}
