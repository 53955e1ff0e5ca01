package io.stillframe.image.vmdk;

import io.stillframe.spi.ByteSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/** Lends one {@link GrainReader} to each thread that reads; keeps a few idle ones. Safe for use by several threads. */
final class GrainReaders implements AutoCloseable {
    private static final int MOST_IDLE = 16;

    private final ByteSource image;
    private final VmdkLayout layout;
    private final Deque<GrainReader> idle = new ArrayDeque<>();
    private boolean closed;

    GrainReaders(ByteSource image, VmdkLayout layout) {
        this.image = image;
        this.layout = layout;
    }

    /** Lends a reader, rather one that keeps the grain whose marker is at {@code host}. */
    GrainReader borrow(long host) {
        synchronized (this) {
            for (Iterator<GrainReader> each = idle.iterator(); each.hasNext(); ) {
                GrainReader reader = each.next();
                if (reader.keeps(host)) {
                    each.remove();
                    return reader;
                }
            }
            if (!idle.isEmpty()) {
                return idle.removeLast();
            }
        }
        return new GrainReader(image, layout);
    }

    void giveBack(GrainReader reader) {
        synchronized (this) {
            if (!closed && idle.size() < MOST_IDLE) {
                idle.addFirst(reader);
                return;
            }
        }
        reader.close();
    }

    /** Frees all idle readers; those still lent are freed when they come back. Idempotent. */
    @Override
    public void close() {
        Deque<GrainReader> free;
        synchronized (this) {
            closed = true;
            free = new ArrayDeque<>(idle);
            idle.clear();
        }
        free.forEach(GrainReader::close);
    }
}
