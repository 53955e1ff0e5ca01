package io.stillframe.hypervisor;

import org.jspecify.annotations.Nullable;

/**
 * An immutable sparse map from page number to page. A change yields a new tree that shares everything else with the old one, so that
 * holding a point in time is keeping a reference. Pages are never changed once they are in a tree.
 */
final class PageTree {
    /** Bytes in a page. */
    static final int PAGE = 4096;

    private static final int BITS = 6;
    private static final int FAN = 1 << BITS;

    private final int height;
    private final Object[] root;

    private PageTree(int height, Object[] root) {
        this.height = height;
        this.root = root;
    }

    /** A tree without pages that has room for {@code size} bytes. */
    static PageTree empty(long size) {
        long last = Math.max(0, size - 1) / PAGE;
        int height = 1;
        while (height * BITS < Long.SIZE && last >>> (height * BITS) != 0) {
            height++;
        }
        return new PageTree(height, new Object[FAN]);
    }

    /** The page, or null if it was never written. */
    byte @Nullable [] get(long page) {
        Object node = root;
        for (int level = height - 1; level >= 0; level--) {
            if (node == null) {
                return null;
            }
            node = ((Object[]) node)[slot(page, level)];
        }
        return (byte[]) node;
    }

    PageTree with(long page, byte[] content) {
        return new PageTree(height, changed(root, page, height - 1, content));
    }

    /** The first written page in {@code [from, end)}, or {@code end}. */
    long nextWritten(long from, long end) {
        return Math.min(end, nextWritten(root, height - 1, 0, from, end));
    }

    /** The first page in {@code [from, end)} that was never written, or {@code end}. */
    long nextHole(long from, long end) {
        long page = from;
        while (page < end && get(page) != null) {
            page++;
        }
        return page;
    }

    private static long nextWritten(Object[] node, int level, long base, long from, long end) {
        long span = 1L << (level * BITS);
        for (int i = 0; i < FAN; i++) {
            long start = base + i * span;
            if (start >= end) {
                return end;
            }
            if (node[i] == null || start + span <= from) {
                continue;
            }
            long found = level == 0 ? start : nextWritten((Object[]) node[i], level - 1, start, from, end);
            if (found < end && found < start + span) {
                return found;
            }
        }
        return end;
    }

    private static Object[] changed(@Nullable Object[] node, long page, int level, byte[] content) {
        Object[] copy = node == null ? new Object[FAN] : node.clone();
        int slot = slot(page, level);
        copy[slot] = level == 0 ? content : changed((Object[]) copy[slot], page, level - 1, content);
        return copy;
    }

    private static int slot(long page, int level) {
        return (int) (page >>> (level * BITS)) & (FAN - 1);
    }
}
