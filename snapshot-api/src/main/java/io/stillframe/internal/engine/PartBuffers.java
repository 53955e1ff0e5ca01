package io.stillframe.internal.engine;

import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A fixed number of equal direct buffers, allocated when first needed: the memory of one transfer's parts. A part that is sent to
 * several stores has one buffer. Safe for use by several threads; closed by its owner once nobody sends any more.
 */
final class PartBuffers implements AutoCloseable {
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final int size;
    private final int count;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition given = lock.newCondition();
    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();
    private final DirectMemory memory = new DirectMemory();
    private int allocated;

    PartBuffers(int size, int count) {
        this.size = size;
        this.count = count;
    }

    int size() {
        return size;
    }

    int count() {
        return count;
    }

    /**
     * A cleared buffer; waits until one is free.
     *
     * @param whileWaiting called now and then; what it throws ends the wait
     */
    ByteBuffer take(Runnable whileWaiting) {
        lock.lock();
        try {
            while (free.isEmpty() && allocated == count) {
                whileWaiting.run();
                awaitGiven();
            }
            if (free.isEmpty()) {
                allocated++;
                return memory.allocate(size);
            }
            return free.pop().clear();
        } finally {
            lock.unlock();
        }
    }

    void give(ByteBuffer buffer) {
        lock.lock();
        try {
            free.push(buffer);
            given.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Frees the memory if every buffer was given back; else somebody may still read from one, and the collector gets it. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (free.size() == allocated) {
                memory.close();
            } else {
                memory.abandon();
            }
        } finally {
            lock.unlock();
        }
    }

    @SuppressWarnings("WaitNotInLoop") // take() looks again
    private void awaitGiven() {
        try {
            given.awaitNanos(LOOK_AGAIN_NANOS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(SnapshotException.Kind.CANCELLED, "interrupted while waiting", e);
        }
    }
}
