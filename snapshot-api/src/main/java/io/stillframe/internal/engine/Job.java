package io.stillframe.internal.engine;

import io.stillframe.model.Progress;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.Cancellation;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The work on one snapshot in this service, from the moment its lease is held until it is given back. Safe for use by several threads.
 */
final class Job {
    /** Why a job was told to stop. */
    enum StopReason {
        /** Its owner cancelled or deleted the snapshot. */
        OWNER,
        /** The service is being closed. */
        CLOSED,
        /** The service is being closed, and another one goes on with the work. */
        HANDED_BACK,
        /** Its transfer moved no byte for too long. */
        STALLED,
        /** Another process took the snapshot over: nothing may be touched any more. */
        FENCED
    }

    /**
     * A stop that was asked for.
     *
     * @param reason why
     * @param message for a person
     */
    record Stop(StopReason reason, String message) {}

    private final OwnedRecord record;
    private final Cancellation cancellation = new Cancellation();
    private final Signal signal = new Signal();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AtomicReference<@Nullable Stop> stop = new AtomicReference<>();
    private final AtomicReference<@Nullable Runnable> waiting = new AtomicReference<>();
    private final AtomicReference<@Nullable Runnable> givingWay = new AtomicReference<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile boolean copying;
    private volatile Optional<Progress> progress = Optional.empty();
    private volatile Optional<Long> lastShutdownEvent = Optional.empty();

    Job(OwnedRecord record) {
        this.record = record;
    }

    SnapshotId id() {
        return record.id();
    }

    OwnedRecord record() {
        return record;
    }

    /** It only copies from region to region: it can end at any time, and others go on with it. */
    void copies() {
        copying = true;
    }

    boolean isCopying() {
        return copying;
    }

    /** The snapshot with the latest progress, which the catalog gets a little later. */
    Snapshot snapshot() {
        Snapshot stored = record.snapshot();
        return progress.filter(p -> !stored.status().settled())
                .map(p -> stored.toBuilder().progress(p).build())
                .orElse(stored);
    }

    /** Asked for when the job is to stop; what is owed to the instance is done nevertheless. */
    Cancellation cancellation() {
        return cancellation;
    }

    /** Raised when something happened that the job may be waiting for. */
    Signal signal() {
        return signal;
    }

    /** Tells the job to stop; the first reason stays, except that a lost lease overrides all. */
    void stop(StopReason reason, String message) {
        Stop asked = new Stop(reason, message);
        if (reason == StopReason.FENCED) {
            stop.set(asked);
        } else {
            stop.compareAndSet(null, asked);
        }
        cancellation.cancel(message);
        signal.raise();
        Runnable settle = waiting.getAndSet(null);
        if (settle != null) {
            settle.run();
        }
        if (reason == StopReason.OWNER) {
            run(givingWay.getAndSet(null));
        }
    }

    /** What is to be done, once, when the snapshot is wanted by somebody although its work has ended: for its removal. */
    void whenWanted(Runnable giveWay) {
        givingWay.set(giveWay);
    }

    private static void run(@Nullable Runnable action) {
        if (action != null) {
            action.run();
        }
    }

    /** Whether another service is to go on with the work. */
    boolean isHandedBack() {
        return stopped().filter(s -> s.reason() == StopReason.HANDED_BACK).isPresent();
    }

    Optional<Stop> stopped() {
        return Optional.ofNullable(stop.get());
    }

    /** Waits for its turn; {@code ifStopped} is run, once, if the job is told to stop before it comes. */
    void waitForTurn(Runnable ifStopped) {
        waiting.set(ifStopped);
        if (cancellation.requested()) {
            Runnable settle = waiting.getAndSet(null);
            if (settle != null) {
                settle.run();
            }
        }
    }

    /**
     * Its turn has come.
     *
     * @return whether the job is still waiting for it
     */
    boolean gotTurn() {
        return waiting.getAndSet(null) != null;
    }

    /** The primary failure; later ones are added to it and never replace it. */
    void failed(Throwable e) {
        if (!failure.compareAndSet(null, e)) {
            Throwable primary = failure.get();
            if (primary != null && primary != e) {
                primary.addSuppressed(e);
            }
        }
    }

    /** Names the failure that explains the others. */
    void failedFirst(Throwable e) {
        failure.set(e);
    }

    Optional<Throwable> failure() {
        return Optional.ofNullable(failure.get());
    }

    void progress(Progress value) {
        progress = Optional.of(value);
    }

    /** A shutdown event is being sent: from now on the guest may stop at any moment. */
    void shutdownEventSent(long agoNanos) {
        lastShutdownEvent = Optional.of(System.nanoTime() - agoNanos);
    }

    /** Whether the guest may still obey an event that was sent to it. */
    boolean guestMayStillStop(Duration grace) {
        return lastShutdownEvent
                .filter(at -> System.nanoTime() - at < grace.toNanos())
                .isPresent();
    }

    /** The instance was started anew since: no event is on its way to it. */
    void startedAnew() {
        lastShutdownEvent = Optional.empty();
    }

    void end() {
        ended.countDown();
    }

    boolean awaitEnd(Duration deadline) {
        try {
            return ended.await(deadline.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(SnapshotException.Kind.CANCELLED, "interrupted while waiting", e);
        }
    }

    /** Runs {@code work} with this snapshot and its instance in the logging context. */
    void inContext(Runnable work) {
        LogContext.run(record.snapshot(), work);
    }
}
