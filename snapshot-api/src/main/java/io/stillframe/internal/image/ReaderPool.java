package io.stillframe.internal.image;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lends one reader to each thread that reads a disk at one time, and keeps a few idle ones with what they decoded last, so that small
 * reads one after the other decode the same bytes once. Safe for use by several threads.
 *
 * @param <R> for one thread at a time
 */
public final class ReaderPool<R extends ReaderPool.Reader> implements AutoCloseable {
    private final Supplier<R> factory;
    private final int mostIdle;
    private final Deque<R> idle = new ArrayDeque<>();
    private boolean closed;

    /** What decodes parts of a disk in native memory of its own. */
    public interface Reader extends AutoCloseable {
        /** Frees the native memory. Called once. */
        @Override
        void close();
    }

    /**
     * @param factory makes a reader; called by the thread that borrows it
     * @param mostIdle readers that are kept, at least 1
     */
    public ReaderPool(Supplier<R> factory, int mostIdle) {
        this.factory = factory;
        this.mostIdle = mostIdle;
    }

    /**
     * Lends the idle reader that was used last of those that {@code fits} takes; else the one that was not used for longest; else a new
     * one. It must come back through {@link #giveBack}.
     */
    public R borrow(Predicate<? super R> fits) {
        R known = takeIdle(fits);
        return known == null ? factory.get() : known;
    }

    private synchronized @Nullable R takeIdle(Predicate<? super R> fits) {
        for (Iterator<R> each = idle.iterator(); each.hasNext(); ) {
            R reader = each.next();
            if (fits.test(reader)) {
                each.remove();
                return reader;
            }
        }
        return idle.pollLast();
    }

    /** Takes a reader back; frees it if enough others are idle or the pool is closed. */
    public void giveBack(R reader) {
        if (!keep(reader)) {
            reader.close();
        }
    }

    private synchronized boolean keep(R reader) {
        boolean kept = !closed && idle.size() < mostIdle;
        if (kept) {
            idle.addFirst(reader);
        }
        return kept;
    }

    /** Frees all idle readers; those that are still lent are freed when they come back. Idempotent. */
    @Override
    public void close() {
        Deque<R> free;
        synchronized (this) {
            closed = true;
            free = new ArrayDeque<>(idle);
            idle.clear();
        }
        free.forEach(Reader::close);
    }
}
