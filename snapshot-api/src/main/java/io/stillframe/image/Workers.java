package io.stillframe.image;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The worker threads of one stream: started, interrupted when the stream is over, and awaited. On a foreign executor a worker is
 * interrupted only while it runs for this stream and leaves its thread without that interrupt.
 */
final class Workers {
    /** How long a worker that is stuck in foreign code may hold up the end of a stream. */
    private static final long GRACE_SECONDS = 30;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private final Set<Thread> active = new HashSet<>();
    private final Set<Thread> interrupted = new HashSet<>();
    private final List<Thread> own = new ArrayList<>();
    private final BooleanSupplier over;
    private final Consumer<Throwable> onFailure;

    /**
     * @param over whether the stream is over, so that a late worker must not begin
     * @param onFailure told what a worker died of
     */
    Workers(BooleanSupplier over, Consumer<Throwable> onFailure) {
        this.over = over;
        this.onFailure = onFailure;
    }

    void start(int threads, Optional<Executor> executor, Runnable work) {
        Runnable guarded = () -> run(work);
        for (int i = 1; i <= threads; i++) {
            if (executor.isPresent()) {
                if (!submit(executor.get(), guarded)) {
                    return;
                }
            } else {
                Thread thread = new Thread(guarded, "stillframe-stream-" + i);
                thread.setDaemon(true);
                own.add(thread);
                thread.start();
            }
        }
    }

    /** A full executor is no failure: those that it took, or the caller alone, do the work. */
    private static boolean submit(Executor executor, Runnable work) {
        try {
            executor.execute(work);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    private void run(Runnable work) {
        if (!enter()) {
            return;
        }
        try {
            work.run();
        } catch (Throwable e) {
            onFailure.accept(e);
        } finally {
            leave();
        }
    }

    private boolean enter() {
        lock.lock();
        try {
            return !over.getAsBoolean() && active.add(Thread.currentThread());
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        lock.lock();
        try {
            active.remove(Thread.currentThread());
            if (interrupted.remove(Thread.currentThread())) {
                Thread.interrupted();
            }
            idle.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether the executor has no thread for this stream at the moment. Own threads always come. */
    boolean absent() {
        lock.lock();
        try {
            return own.isEmpty() && active.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends the workers of a stream that is over.
     *
     * @return false if one is stuck in a read or an encoder and could not be stopped
     */
    boolean stop() {
        boolean callerInterrupted = Thread.interrupted();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(GRACE_SECONDS);
        interruptActive();
        boolean ended = false;
        while (!ended && System.nanoTime() < deadline) {
            try {
                ended = awaitEnd(deadline);
            } catch (InterruptedException e) {
                callerInterrupted = true;
            }
        }
        if (callerInterrupted) {
            Thread.currentThread().interrupt();
        }
        return ended;
    }

    private void interruptActive() {
        lock.lock();
        try {
            active.forEach(Thread::interrupt);
            interrupted.addAll(active);
        } finally {
            lock.unlock();
        }
    }

    private boolean awaitEnd(long deadline) throws InterruptedException {
        lock.lock();
        try {
            while (!active.isEmpty()) {
                if (idle.awaitNanos(deadline - System.nanoTime()) <= 0) {
                    return false;
                }
            }
        } finally {
            lock.unlock();
        }
        for (Thread thread : own) {
            thread.join();
        }
        return true;
    }
}
