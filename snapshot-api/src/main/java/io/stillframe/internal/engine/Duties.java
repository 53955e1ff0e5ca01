package io.stillframe.internal.engine;

import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Failure;
import io.stillframe.model.Phase;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.VolumeCopy;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.ObjectKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what is left to be done when a job's work has ended, well or not: the instance gets back what it is owed, the record says what
 * became of the snapshot, the point in time is released, and what failed work stored is removed.
 * Each duty is tried again with growing pauses until it is done or the service is closed; what is left then stays written in the
 * record for another process. Power and thaw go first and have threads of their own, so that a long merge never delays them.
 */
final class Duties {
    private static final Logger LOG = LoggerFactory.getLogger(Duties.class);

    private static final int FAILURES_WHEN_CLOSING = 3;

    private final Installation installation;
    private final Threads threads;
    private final Retries retries;
    private final RegionCalls calls;
    private final InstanceReturn instanceReturn;
    private final PointInTimeRelease release;
    private final VolumeRemoval volumes;
    private final Consumer<Job> onEnd;
    private final Map<Job, Course> courses = new ConcurrentHashMap<>();
    private volatile boolean closing;

    Duties(Installation installation, Threads threads, Retries retries, RegionCalls calls, Consumer<Job> onEnd) {
        this.installation = installation;
        this.threads = threads;
        this.retries = retries;
        this.calls = calls;
        this.instanceReturn = new InstanceReturn(installation);
        this.release = new PointInTimeRelease(installation);
        this.volumes = new VolumeRemoval(installation, retries);
        this.onEnd = onEnd;
    }

    /** Begins a job's duties, the most urgent one in the caller's thread; the job ends with the last of them. */
    void begin(Job job) {
        Course course = new Course(job);
        courses.put(job, course);
        course.urgent.round();
    }

    /** The service is being closed: everything is tried again now, and given up after a few failures. */
    void hurry() {
        closing = true;
        courses.values().forEach(course -> {
            course.urgent.hurry();
            course.lasting.hurry();
        });
    }

    /** What remains to be done for a record, for reports; empty if nothing. */
    static Optional<String> left(CatalogRecord record) {
        boolean stored = cleanupOwed(record) || keptInVain(record);
        if (record.snapshot().obligations().isEmpty() && !stored) {
            return Optional.empty();
        }
        String owed = record.snapshot().obligations().isEmpty()
                ? ""
                : "owed to the instance: " + record.snapshot().obligations();
        return Optional.of(
                owed + (stored ? (owed.isEmpty() ? "" : "; ") + "what was stored or kept is to be removed" : ""));
    }

    static boolean cleanupOwed(CatalogRecord record) {
        return isGivenUp(record) && Attributes.store(record) == Attributes.StoreState.TOUCHED;
    }

    /** Whether volumes may have a snapshot that is good for nothing. */
    private static boolean keptInVain(CatalogRecord record) {
        return isGivenUp(record) && Attributes.kept(record).isPresent();
    }

    private static boolean isGivenUp(CatalogRecord record) {
        SnapshotStatus status = record.snapshot().status();
        return status == SnapshotStatus.FAILED || status == SnapshotStatus.CANCELLED;
    }

    /** One job's duties. */
    private final class Course {
        private final Job job;
        private final Lane urgent;
        private final Lane lasting;

        Course(Job job) {
            this.job = job;
            this.urgent =
                    new Lane("giving the instance back", job, threads.urgent(), this::returnInstance, this::ended);
            this.lasting = new Lane("releasing", job, threads.releases(), this::release, this::ended);
        }

        private Optional<Duration> returnInstance() {
            Optional<SnapshotException> failure = Optional.empty();
            Optional<Duration> later = Optional.empty();
            try {
                later = instanceReturn.attempt(job);
            } catch (SnapshotException e) {
                failure = Optional.of(e);
            }
            settleStatus(job);
            job.whenWanted(lasting::giveWay);
            lasting.start();
            if (failure.isPresent()) {
                throw failure.get();
            }
            return later;
        }

        private Optional<Duration> release() {
            if (keptInVain(job.record().record())) {
                volumes.run(job.record(), new Cancellation());
            }
            release.run(job.record());
            removeStored(job);
            return Optional.empty();
        }

        /** A lane has ended; the last one ends the job. */
        private void ended() {
            boolean all = urgent.hasEnded() && (lasting.hasEnded() || !lasting.started.get());
            if (all && courses.remove(job, this)) {
                onEnd.accept(job);
            }
        }
    }

    /** One duty after another, until none is left. */
    private final class Lane {
        private final String what;
        private final Job job;
        private final ScheduledExecutorService executor;
        private final Supplier<Optional<Duration>> attempt;
        private final Runnable onEnd;
        private final AtomicBoolean started = new AtomicBoolean();
        private final AtomicBoolean ended = new AtomicBoolean();
        private Optional<ScheduledFuture<?>> next = Optional.empty();
        private int failures;
        private int failuresWhenClosing;
        private volatile boolean givesWay;

        Lane(
                String what,
                Job job,
                ScheduledExecutorService executor,
                Supplier<Optional<Duration>> attempt,
                Runnable onEnd) {
            this.what = what;
            this.job = job;
            this.executor = executor;
            this.attempt = attempt;
            this.onEnd = onEnd;
        }

        void start() {
            if (started.compareAndSet(false, true)) {
                schedule(Duration.ZERO);
            }
        }

        boolean hasEnded() {
            return ended.get();
        }

        /** Whoever removes the snapshot does what is left: if it cannot be done now, it is left to them. */
        void giveWay() {
            givesWay = true;
            hurry();
        }

        synchronized void hurry() {
            if (next.isPresent() && next.get().cancel(false)) {
                schedule(Duration.ZERO);
            }
        }

        void round() {
            started.set(true);
            begun();
            job.inContext(() -> {
                Optional<Duration> later = attemptOnce();
                if (later.isPresent()) {
                    schedule(later.get());
                } else {
                    ended.set(true);
                    onEnd.run();
                }
            });
        }

        /** A round that has begun is not hurried: there is one at a time. */
        private synchronized void begun() {
            next = Optional.empty();
        }

        private Optional<Duration> attemptOnce() {
            try {
                if (job.record().isFenced()) {
                    return Optional.empty();
                }
                return attempt.get();
            } catch (RuntimeException | Error e) {
                return afterFailure(e);
            }
        }

        private Optional<Duration> afterFailure(Throwable e) {
            failures++;
            failuresWhenClosing += closing ? 1 : 0;
            if (failures == 1) {
                job.failed(e);
            }
            boolean giveUp = givesWay
                    || job.record().isFenced()
                    || failuresWhenClosing >= FAILURES_WHEN_CLOSING
                    || isBeyondThisService(e);
            LOG.error("{} failed, {}: {}", what, giveUp ? "left for recovery" : "trying again", e.toString());
            return giveUp ? Optional.empty() : Optional.of(retries.pauseAfter(closing ? 1 : failures));
        }

        /** For example on another hypervisor or store than this service's. */
        private static boolean isBeyondThisService(Throwable e) {
            return e instanceof SnapshotException known && known.kind() == Kind.UNSUPPORTED;
        }

        private synchronized void schedule(Duration pause) {
            next = Optional.of(executor.schedule(this::round, pause.toNanos(), TimeUnit.NANOSECONDS));
        }
    }

    private void settleStatus(Job job) {
        SnapshotStatus status = job.record().snapshot().status();
        if (status != SnapshotStatus.CAPTURING && status != SnapshotStatus.QUEUED) {
            return;
        }
        boolean cancelled = job.stopped()
                .filter(stop -> stop.reason() == Job.StopReason.OWNER)
                .isPresent();
        if (Replicas.isStoredOnly(job.record().snapshot()) && !cancelled) {
            return;
        }
        Snapshot settled = job.record().update(s -> settled(s, job));
        LOG.warn(
                "settled as {}{}",
                settled.status(),
                settled.failure().map(f -> ": " + f.reason()).orElse(""));
    }

    private static Snapshot settled(Snapshot snapshot, Job job) {
        Optional<Job.Stop> stop = job.stopped();
        boolean cancelled = stop.filter(s -> s.reason() == Job.StopReason.OWNER).isPresent();
        Failure failure = failure(stop, job.failure());
        List<Replica> replicas = snapshot.replicas().stream()
                .map(replica -> replica.failed(cancelled ? "cancelled" : failure.reason()))
                .toList();
        Optional<VolumeCopy> volumes =
                snapshot.volumes().map(copy -> copy.failed(cancelled ? "cancelled" : failure.reason()));
        Snapshot.Builder settled =
                snapshot.toBuilder().phase(Phase.DONE).replicas(replicas).volumes(volumes);
        return (cancelled ? settled.status(SnapshotStatus.CANCELLED) : settled.failed(failure)).build();
    }

    /** The work's own failure comes first; that it was told to stop is the reason only if it failed by that. */
    private static Failure failure(Optional<Job.Stop> stop, Optional<Throwable> cause) {
        boolean byStop = cause.isEmpty() || (cause.get() instanceof SnapshotException e && e.kind() == Kind.CANCELLED);
        if (stop.isPresent() && byStop) {
            Kind kind = stop.get().reason() == Job.StopReason.STALLED ? Kind.TRANSIENT : Kind.CANCELLED;
            return new Failure(kind, stop.get().message());
        }
        return cause.map(Duties::failure)
                .orElseGet(() -> new Failure(Kind.PERMANENT, "the work ended for an unknown reason"));
    }

    private static Failure failure(Throwable cause) {
        return cause instanceof SnapshotException e
                ? Failure.of(e)
                : new Failure(Kind.PERMANENT, "internal error: " + cause);
    }

    private void removeStored(Job job) {
        OwnedRecord record = job.record();
        if (!cleanupOwed(record.record())) {
            return;
        }
        record.assureLease();
        Set<ObjectKey> needed = new StoredRemoval(installation, retries, calls).run(job, new Cancellation());
        if (needed.isEmpty()) {
            record.change(
                    r -> Attributes.withStore(r, Attributes.StoreState.CLEAN).with(unstored(r.snapshot())));
        } else {
            LOG.info("younger snapshots are built on {}, which stays until they have gone", needed);
        }
    }

    /** What was removed is not said to be stored. */
    private static Snapshot unstored(Snapshot snapshot) {
        return snapshot.toBuilder()
                .disks(snapshot.disks().stream().map(DiskSnapshot::unstored).toList())
                .build();
    }
}
