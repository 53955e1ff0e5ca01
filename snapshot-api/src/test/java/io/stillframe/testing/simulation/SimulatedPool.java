package io.stillframe.testing.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/** Takes the place of {@link java.util.concurrent.ThreadPoolExecutor} in simulated code; a thread ends when there is nothing to do. */
public class SimulatedPool extends AbstractExecutorService {
    private final int most;
    private final SimulatedThreadFactory factory;
    private final Deque<Runnable> queue = new ArrayDeque<>();
    private final List<SimulatedThread> workers = new ArrayList<>();
    private boolean shutDown;

    public SimulatedPool(
            int core,
            int most,
            long keepAlive,
            TimeUnit unit,
            BlockingQueue<Runnable> queue,
            SimulatedThreadFactory factory) {
        this(most, factory);
    }

    SimulatedPool(int most, SimulatedThreadFactory factory) {
        this.most = most;
        this.factory = factory;
    }

    public void allowCoreThreadTimeOut(boolean value) {
        // They end at once.
    }

    @Override
    public void execute(Runnable task) {
        if (shutDown) {
            throw new RejectedExecutionException("the pool was shut down");
        }
        queue.add(task);
        if (workers.size() < most) {
            SimulatedThread worker = factory.newThread(this::work);
            workers.add(worker);
            worker.start();
        }
    }

    private void work() {
        try {
            for (Runnable task = queue.poll(); task != null; task = queue.poll()) {
                task.run();
            }
        } finally {
            workers.remove(SimulatedThread.currentThread());
        }
    }

    @Override
    public void shutdown() {
        shutDown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
        shutDown = true;
        List<Runnable> left = List.copyOf(queue);
        queue.clear();
        workers.forEach(SimulatedThread::interrupt);
        return left;
    }

    @Override
    public boolean isShutdown() {
        return shutDown;
    }

    @Override
    public boolean isTerminated() {
        return shutDown && workers.isEmpty() && queue.isEmpty();
    }

    @Override
    public boolean awaitTermination(long amount, TimeUnit unit) throws InterruptedException {
        return isTerminated() || Simulation.current().await(this::isTerminated, unit.toNanos(amount));
    }

    @Override
    protected <T> SimulatedFuture<T> newTaskFor(java.util.concurrent.Callable<T> callable) {
        return new SimulatedFuture<>(callable, 0);
    }

    @Override
    protected <T> SimulatedFuture<T> newTaskFor(Runnable runnable, T value) {
        return new SimulatedFuture<>(
                () -> {
                    runnable.run();
                    return value;
                },
                0);
    }
}
