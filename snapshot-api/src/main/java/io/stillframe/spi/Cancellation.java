package io.stillframe.spi;

import io.stillframe.model.SnapshotException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Tells long work to stop. Whoever starts the work keeps it and calls {@link #cancel}; the work calls {@link #check} between its
 * steps and waits with {@link #await}. Safe for use by all threads.
 */
public final class Cancellation {
    private final CountDownLatch latch = new CountDownLatch(1);
    private volatile String reason = "";

    /** Asks the work to stop; the first reason given stays. Idempotent. */
    public synchronized void cancel(String why) {
        if (!requested()) {
            reason = why;
            latch.countDown();
        }
    }

    public boolean requested() {
        return latch.getCount() == 0;
    }

    /**
     * Returns if the work may go on.
     *
     * @throws SnapshotException CANCELLED with the reason otherwise
     */
    public void check() {
        if (requested()) {
            throw SnapshotException.cancelled(reason);
        }
    }

    /**
     * Waits until the time is over or cancellation is asked for, whichever comes first.
     *
     * @throws SnapshotException CANCELLED, also when the thread is interrupted (its interrupt flag stays set)
     */
    public void await(long nanos) {
        try {
            if (latch.await(nanos, TimeUnit.NANOSECONDS)) {
                check();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(SnapshotException.Kind.CANCELLED, "interrupted while waiting", e);
        }
    }
}
