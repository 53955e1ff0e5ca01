package io.stillframe.image;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A ring of slots that pass from planned over claimed and done to free again, each step in disk order except done. The calling thread
 * plans and releases; workers claim and finish. Once ended or failed, nobody waits in it any more.
 */
final class UnitRing<S extends DiskPipeline.Slot> {
    /** How soon a waiting thread notices a cancellation, which has no way of waking it. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final Condition done = lock.newCondition();
    private final List<S> slots;
    private final Cancellation cancellation;
    private long planned;
    private long claimed;
    private long released;
    private boolean stopped;
    private @Nullable Throwable failure;

    UnitRing(List<S> slots, Cancellation cancellation) {
        this.slots = List.copyOf(slots);
        this.cancellation = cancellation;
    }

    /** A slot that can be planned, or null if all are under way. Caller only. */
    @Nullable
    S free() {
        return planned - released < slots.size() ? at(planned) : null;
    }

    /** The slot that {@link #free} gave is planned. */
    void planned() {
        locked(() -> {
            planned++;
            work.signal();
        });
    }

    /** The slot to be consumed next, or null if none is under way. Caller only. */
    @Nullable
    S oldest() {
        return released < planned ? at(released) : null;
    }

    /** Takes the oldest slot for the caller, if nobody has begun it. Caller only. */
    boolean claimOldest() {
        lock.lock();
        try {
            if (stopped || claimed > released) {
                return false;
            }
            claimed++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the next planned slot; null when the stream is over. */
    @Nullable
    S claim() {
        lock.lock();
        try {
            while (!stopped && claimed == planned) {
                work.awaitUninterruptibly();
            }
            return stopped ? null : at(claimed++);
        } finally {
            lock.unlock();
        }
    }

    /** A worker has finished the slot. */
    void done(S slot) {
        locked(() -> {
            slot.unit().done = true;
            done.signal();
        });
    }

    /** Waits until the slot is finished; throws what made the stream fail, or CANCELLED. Caller only. */
    void awaitDone(S slot) {
        lock.lock();
        try {
            while (!slot.unit().done) {
                if (failure != null) {
                    throw failure(failure);
                }
                cancellation.check();
                long unused = done.awaitNanos(LOOK_NANOS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(SnapshotException.Kind.CANCELLED, "interrupted while streaming a disk", e);
        } finally {
            lock.unlock();
        }
    }

    /** The oldest slot is consumed. Caller only. */
    void release() {
        locked(() -> released++);
    }

    /** Stops everything for a reason; the first one counts. */
    void fail(Throwable reason) {
        locked(() -> {
            if (failure == null && !stopped) {
                failure = reason;
            }
            stopNow();
        });
    }

    /** Nothing more will be planned. */
    void end() {
        locked(this::stopNow);
    }

    boolean stopped() {
        lock.lock();
        try {
            return stopped;
        } finally {
            lock.unlock();
        }
    }

    /** The exception to throw for the failure that came first, or for {@code thrown} if there is none. */
    SnapshotException failure(Throwable thrown) {
        lock.lock();
        try {
            Throwable first = failure == null ? thrown : failure;
            if (first instanceof SnapshotException known) {
                return first == thrown ? known : new SnapshotException(known.kind(), message(known), known);
            }
            return SnapshotException.permanent("streaming a disk failed unexpectedly: " + first, first);
        } finally {
            lock.unlock();
        }
    }

    private static String message(SnapshotException known) {
        String message = known.getMessage();
        return message == null ? known.kind().name() : message;
    }

    private void stopNow() {
        stopped = true;
        work.signalAll();
        done.signalAll();
    }

    private S at(long number) {
        return slots.get((int) (number % slots.size()));
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            change.run();
        } finally {
            lock.unlock();
        }
    }
}
