package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Wakes one waiter; raised while nobody waits, it wakes the next one. Raising never blocks for long. */
final class Signal {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition raised = lock.newCondition();
    private boolean pending;

    void raise() {
        lock.lock();
        try {
            pending = true;
            raised.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until raised or the time is over. */
    void await(long nanos) {
        lock.lock();
        try {
            long left = nanos;
            while (!pending && left > 0) {
                left = raised.awaitNanos(left);
            }
            pending = false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(SnapshotException.Kind.CANCELLED, "interrupted while waiting", e);
        } finally {
            lock.unlock();
        }
    }
}
