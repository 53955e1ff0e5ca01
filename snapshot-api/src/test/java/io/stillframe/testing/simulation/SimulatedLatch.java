package io.stillframe.testing.simulation;

import java.util.concurrent.TimeUnit;

/** Takes the place of {@link java.util.concurrent.CountDownLatch} in simulated code. */
public final class SimulatedLatch {
    private long count;

    public SimulatedLatch(int count) {
        this.count = count;
    }

    public void countDown() {
        count = Math.max(0, count - 1);
    }

    public long getCount() {
        return count;
    }

    public void await() throws InterruptedException {
        await(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
    }

    public boolean await(long amount, TimeUnit unit) throws InterruptedException {
        return count == 0 || Simulation.current().await(() -> count == 0, unit.toNanos(amount));
    }
}
