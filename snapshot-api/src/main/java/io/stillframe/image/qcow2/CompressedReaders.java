package io.stillframe.image.qcow2;

import io.stillframe.spi.ByteSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/** Lends one {@link CompressedReader} to each thread that reads; keeps a few idle ones. Safe for use by several threads. */
final class CompressedReaders implements AutoCloseable {
    private static final int MOST_IDLE = 16;

    private final ByteSource image;
    private final Qcow2Header header;
    private final Deque<CompressedReader> idle = new ArrayDeque<>();
    private boolean closed;

    CompressedReaders(ByteSource image, Qcow2Header header) {
        this.image = image;
        this.header = header;
    }

    /** Lends a reader, rather one that keeps the cluster whose compressed data begins at {@code host}. */
    CompressedReader borrow(long host) {
        synchronized (this) {
            for (Iterator<CompressedReader> each = idle.iterator(); each.hasNext(); ) {
                CompressedReader reader = each.next();
                if (reader.keeps(host)) {
                    each.remove();
                    return reader;
                }
            }
            if (!idle.isEmpty()) {
                return idle.removeLast();
            }
        }
        return new CompressedReader(image, header);
    }

    void giveBack(CompressedReader reader) {
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
        Deque<CompressedReader> free;
        synchronized (this) {
            closed = true;
            free = new ArrayDeque<>(idle);
            idle.clear();
        }
        free.forEach(CompressedReader::close);
    }
}
