package io.stillframe.libvirt.crash;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Something that the engine needs goes away and comes back a little later, while the child has gone on. */
final class Outage implements Harm {
    private final String what;
    private final Runnable end;
    private final Runnable start;
    private final Duration length;
    private CompletableFuture<Void> comingBack = CompletableFuture.completedFuture(null);
    private boolean done;

    /**
     * @param what its name for the table
     * @param end takes it away
     * @param start gives it back
     * @param length for how long
     */
    Outage(String what, Runnable end, Runnable start, Duration length) {
        this.what = what;
        this.end = end;
        this.start = start;
        this.length = length;
    }

    @Override
    public void begin() {
        end.run();
        done = true;
        comingBack = CompletableFuture.runAsync(
                start, CompletableFuture.delayedExecutor(length.toNanos(), TimeUnit.NANOSECONDS));
    }

    @Override
    public boolean isDone() {
        return done;
    }

    @Override
    public void awaitOver() {
        try {
            comingBack.get(length.plus(CrashChild.LONG).toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(what + ": it does not come back", e);
        }
    }

    @Override
    public String toString() {
        return what + ": ";
    }
}
