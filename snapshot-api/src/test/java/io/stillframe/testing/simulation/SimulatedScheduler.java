package io.stillframe.testing.simulation;

import java.util.concurrent.Callable;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** Takes the place of {@link java.util.concurrent.ScheduledThreadPoolExecutor} in simulated code: a thread for each task that waits. */
public final class SimulatedScheduler extends SimulatedPool implements ScheduledExecutorService {
    private final SimulatedThreadFactory factory;

    public SimulatedScheduler(int threads, SimulatedThreadFactory factory) {
        super(threads, factory);
        this.factory = factory;
    }

    public void setRemoveOnCancelPolicy(boolean value) {
        // It is so.
    }

    public void setKeepAliveTime(long amount, TimeUnit unit) {
        // They end at once.
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
        return schedule(
                () -> {
                    task.run();
                    return null;
                },
                delay,
                unit);
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
        SimulatedFuture<V> future =
                new SimulatedFuture<>(task, Simulation.current().now() + unit.toNanos(delay));
        whenDue(delay, unit, future, future);
        return future;
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, long first, long delay, TimeUnit unit) {
        SimulatedFuture<Void> series = new SimulatedFuture<>(() -> null, Long.MAX_VALUE);
        SimulatedThread timer = factory.newThread(() -> repeat(series, task, first, delay, unit));
        timer.start();
        return series;
    }

    /** On a thread of its own: what is done again and again is short. */
    private void repeat(SimulatedFuture<Void> series, Runnable task, long first, long delay, TimeUnit unit) {
        try {
            Simulation simulation = Simulation.current();
            long pause = first;
            while (!simulation.await(() -> series.isDone() || isShutdown(), unit.toNanos(pause))) {
                task.run();
                pause = delay;
            }
        } catch (InterruptedException e) {
            // Its end.
        }
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable task, long first, long period, TimeUnit unit) {
        return scheduleWithFixedDelay(task, first, period, unit);
    }

    private void whenDue(long delay, TimeUnit unit, SimulatedFuture<?> future, Runnable task) {
        if (isShutdown()) {
            throw new RejectedExecutionException("the scheduler was shut down");
        }
        SimulatedThread timer = factory.newThread(() -> await(delay, unit, future, task));
        timer.start();
    }

    private void await(long delay, TimeUnit unit, SimulatedFuture<?> future, Runnable task) {
        try {
            Simulation.current().await(() -> future.isDone() || isShutdown(), unit.toNanos(delay));
        } catch (InterruptedException e) {
            return;
        }
        if (!future.isDone() && !isShutdown()) {
            execute(task);
        }
    }
}
