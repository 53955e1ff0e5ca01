package io.stillframe.hypervisor;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Where calls to a {@link SimulatedHypervisor} wait until a test lets them go on. Once open, it stays open. Safe for use by all
 * threads.
 */
public final class SimulatedGate {
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);
    private static final long SLICE_MILLIS = 10;

    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);

    /** Lets everybody pass. Idempotent. */
    public void open() {
        open.countDown();
    }

    /**
     * Waits until the first call has come to the gate.
     *
     * @throws SnapshotException TRANSIENT if none comes within the deadline; CANCELLED if the thread is interrupted
     */
    public void awaitArrival(Duration deadline) {
        if (!await(arrived, deadline)) {
            throw SnapshotException.transientFault("no call came to the gate within " + deadline, null);
        }
    }

    void pass(Cancellation cancellation) {
        arrived.countDown();
        long deadline = System.nanoTime() + LONGEST_WAIT.toNanos();
        while (!await(open, Duration.ofMillis(SLICE_MILLIS))) {
            cancellation.check();
            if (System.nanoTime() - deadline > 0) {
                throw SnapshotException.transientFault("the gate was not opened within " + LONGEST_WAIT, null);
            }
        }
    }

    private static boolean await(CountDownLatch latch, Duration time) {
        try {
            return latch.await(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(SnapshotException.Kind.CANCELLED, "interrupted while waiting at a gate", e);
        }
    }
}
