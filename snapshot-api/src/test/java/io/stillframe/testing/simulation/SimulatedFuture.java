package io.stillframe.testing.simulation;

import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Delayed;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RunnableScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A task of a simulated pool and its outcome. */
final class SimulatedFuture<T> implements RunnableScheduledFuture<T> {
    private final Callable<T> task;
    private final long at;
    private boolean begun;
    private boolean done;
    private boolean cancelled;
    private T value;
    private Optional<Throwable> failure = Optional.empty();

    SimulatedFuture(Callable<T> task, long at) {
        this.task = task;
        this.at = at;
    }

    @Override
    public void run() {
        if (done) {
            return;
        }
        begun = true;
        try {
            value = task.call();
        } catch (Simulation.Killed e) {
            throw e;
        } catch (Exception | Error e) {
            failure = Optional.of(e);
        }
        done = true;
    }

    boolean begun() {
        return begun;
    }

    @Override
    public boolean cancel(boolean interrupt) {
        if (done || begun) {
            return false;
        }
        cancelled = true;
        done = true;
        return true;
    }

    @Override
    public boolean isCancelled() {
        return cancelled;
    }

    @Override
    public boolean isDone() {
        return done;
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        Simulation.current().await(() -> done, Long.MAX_VALUE);
        return outcome();
    }

    @Override
    public T get(long amount, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        if (!Simulation.current().await(() -> done, unit.toNanos(amount))) {
            throw new TimeoutException();
        }
        return outcome();
    }

    private T outcome() throws ExecutionException {
        if (cancelled) {
            throw new CancellationException();
        }
        if (failure.isPresent()) {
            throw new ExecutionException(failure.get());
        }
        return value;
    }

    @Override
    public boolean isPeriodic() {
        return false;
    }

    @Override
    public long getDelay(TimeUnit unit) {
        return unit.convert(at - Simulation.current().now(), TimeUnit.NANOSECONDS);
    }

    @Override
    public int compareTo(Delayed other) {
        return Long.compare(at, ((SimulatedFuture<?>) other).at);
    }
}
