package io.stillframe.testing.simulation;

import java.util.ArrayDeque;
import java.util.Date;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/** Takes the place of {@link java.util.concurrent.locks.ReentrantLock} in simulated code. */
public final class SimulatedLock implements Lock {
    private Optional<SimulatedThread> owner = Optional.empty();
    private int depth;

    public SimulatedLock() {}

    public SimulatedLock(boolean fair) {
        // The simulation decides.
    }

    @Override
    public void lock() {
        SimulatedThread self = SimulatedThread.currentThread();
        if (owner.filter(self::equals).isEmpty()) {
            if (isTaken()) {
                Simulation.current().awaitUninterruptibly(() -> !isTaken());
            }
            owner = Optional.of(self);
        }
        depth++;
    }

    /** The dead hold no locks: what they guarded died with them, or is shared and never left half done. */
    private boolean isTaken() {
        return owner.filter(SimulatedThread::isAlive).isPresent();
    }

    @Override
    public void lockInterruptibly() {
        lock();
    }

    @Override
    public boolean tryLock() {
        boolean free = owner.filter(SimulatedThread.currentThread()::equals).isPresent() || !isTaken();
        if (free) {
            lock();
        }
        return free;
    }

    @Override
    public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
        return tryLock() || (Simulation.current().await(() -> !isTaken(), unit.toNanos(time)) && tryLock());
    }

    @Override
    public void unlock() {
        if (--depth == 0) {
            owner = Optional.empty();
        }
    }

    public boolean isHeldByCurrentThread() {
        return owner.filter(SimulatedThread.currentThread()::equals).isPresent();
    }

    @Override
    public Condition newCondition() {
        return new Signals();
    }

    /** A condition of this lock. */
    private final class Signals implements Condition {
        private final Deque<Waiter> waiters = new ArrayDeque<>();

        /** Somebody who waits for a signal. */
        private static final class Waiter {
            private boolean signalled;
        }

        @Override
        public void signal() {
            Waiter first = waiters.poll();
            if (first != null) {
                first.signalled = true;
            }
        }

        @Override
        public void signalAll() {
            waiters.forEach(waiter -> waiter.signalled = true);
            waiters.clear();
        }

        @Override
        public long awaitNanos(long nanos) throws InterruptedException {
            Simulation simulation = Simulation.current();
            long start = simulation.now();
            int before = depth;
            depth = 0;
            owner = Optional.empty();
            Waiter waiter = new Waiter();
            waiters.add(waiter);
            try {
                simulation.await(() -> waiter.signalled, nanos);
            } finally {
                waiters.remove(waiter);
                lock();
                depth = before;
            }
            return nanos - (simulation.now() - start);
        }

        @Override
        public void await() throws InterruptedException {
            awaitNanos(Long.MAX_VALUE);
        }

        @Override
        public boolean await(long time, TimeUnit unit) throws InterruptedException {
            return awaitNanos(unit.toNanos(time)) > 0;
        }

        @Override
        public void awaitUninterruptibly() {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean awaitUntil(Date deadline) {
            throw new UnsupportedOperationException();
        }
    }
}
