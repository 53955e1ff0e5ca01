package io.stillframe.internal.engine;

import io.stillframe.model.Phase;
import io.stillframe.model.ServiceSettings.AfterCapture;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.TakenRecord;
import io.stillframe.spi.TurnRequest.Whose;
import io.stillframe.spi.Work;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The jobs of this service, and each one's way through its threads: capture, transfer, duties. */
final class Jobs {
    /** How long one that has given its lease back may take to be gone; a longer one has another reason to be there. */
    private static final Duration MOST_TO_END = Duration.ofSeconds(1);

    private static final Logger LOG = LoggerFactory.getLogger(Jobs.class);

    private final Installation installation;
    private final Threads threads;
    private final Retries retries;
    private final RegionCalls calls;
    private final Preflight preflight;
    private final LeaseKeeper keeper;
    private final Watchers watchers;
    private final Duties duties;
    private final Dispatcher dispatcher;
    private final Map<SnapshotId, Job> jobs = new ConcurrentHashMap<>();
    private final Set<SnapshotId> reserved = ConcurrentHashMap.newKeySet();
    private volatile Runnable copiesOwed = () -> {};
    private volatile boolean closed;

    Jobs(
            Installation installation,
            Threads threads,
            Retries retries,
            RegionCalls calls,
            Preflight preflight,
            LeaseKeeper keeper,
            Watchers watchers) {
        this.installation = installation;
        this.threads = threads;
        this.retries = retries;
        this.calls = calls;
        this.preflight = preflight;
        this.keeper = keeper;
        this.watchers = watchers;
        this.duties = new Duties(installation, threads, retries, calls, this::end);
        this.dispatcher = new Dispatcher(installation, threads.nameOf("turns"), this::begin);
    }

    /** Begins to begin waiting work. */
    void start() {
        dispatcher.start();
    }

    Optional<Job> find(SnapshotId id) {
        return Optional.ofNullable(jobs.get(id));
    }

    /**
     * Makes a job of a snapshot whose lease {@code grant} obtains. Meanwhile nobody else in this service takes the same snapshot: the
     * lease is the service's, and would be granted twice.
     *
     * @return empty if {@code grant} got no lease, or this service works on it already
     * @throws SnapshotException CONFLICT if this service was closed
     */
    Optional<Job> open(SnapshotId id, Supplier<Optional<Granted>> grant) {
        if (!reserved.add(id)) {
            return Optional.empty();
        }
        try {
            if (jobs.containsKey(id)) {
                return Optional.empty();
            }
            if (closed) {
                throw SnapshotException.conflict("the service was closed");
            }
            Optional<Job> job = grant.get().map(granted -> new Job(owned(granted)));
            job.ifPresent(this::register);
            return job;
        } finally {
            reserved.remove(id);
        }
    }

    /**
     * A lease and the record that it is for.
     *
     * @param lease just granted
     * @param record as read under it
     */
    record Granted(Lease lease, CatalogRecord record) {}

    /**
     * Makes a job of a new record.
     *
     * @throws SnapshotException CONFLICT if its claim is taken, naming the holder
     */
    Job create(CatalogRecord record) {
        SnapshotId id = record.snapshot().id();
        return open(id, () -> Optional.of(created(record))).orElseThrow(() -> busy(id));
    }

    /** Lets a new snapshot wait for its capture, here or in any service. */
    void capture(Job job) {
        await(job);
    }

    /** Lets a snapshot whose point in time is held wait for its transfer, here or in any service. */
    void transfer(Job job) {
        if (job.record().record().work() != Work.WAITS_TO_TRANSFER) {
            job.record().change(r -> r.withWork(Work.WAITS_TO_TRANSFER));
        }
        await(job);
    }

    /** What waits for anyone belongs to nobody. */
    private void await(Job job) {
        if (installation.sharesWork()) {
            end(job);
            dispatcher.look();
            return;
        }
        job.waitForTurn(() -> {
            dispatcher.forget(job);
            settleSoon(job);
        });
        dispatcher.add(job);
    }

    /** Begins the transfer whose turn it is, whoever was asked for it; empty if none waits without an owner. */
    Optional<Job> nextTransfer() {
        Optional<TakenRecord> taken = installation
                .catalog()
                .takeTurn(
                        installation.turn(Set.of(Work.WAITS_TO_TRANSFER), Whose.ANY),
                        installation.owner(),
                        installation.settings().leaseTtl());
        Optional<Job> job = taken.flatMap(this::opened);
        job.ifPresent(this::work);
        return job;
    }

    /** Begins work whose turn has come. */
    void begin(Optional<Job> own, TakenRecord taken) {
        own.ifPresent(job -> job.record().begun(taken));
        Optional<Job> job = own.isPresent() ? own.filter(Job::gotTurn) : opened(taken);
        job.ifPresent(this::work);
    }

    /** Empty if somebody here has just got hold of it, to cancel or to delete it. */
    private Optional<Job> opened(TakenRecord taken) {
        SnapshotId id = taken.record().snapshot().id();
        // Whoever has just let it wait gives its lease back a moment before it lets go of it.
        find(id).ifPresent(ending -> ending.awaitEnd(MOST_TO_END));
        try {
            Optional<Job> job = open(id, () -> Optional.of(new Granted(taken.lease(), taken.record())));
            if (job.isEmpty()) {
                LOG.info("{} is not begun: {}", id, busy(id).getMessage());
            }
            return job;
        } catch (SnapshotException e) {
            LOG.info("{} is not begun: {}", id, e.getMessage());
            return Optional.empty();
        }
    }

    private void work(Job job) {
        Work work = job.record().record().work();
        dispatcher.occupy(work);
        ExecutorService threads = work == Work.CAPTURE ? this.threads.captures() : this.threads.transfers();
        threads.execute(() -> job.inContext(() -> {
            try {
                if (work == Work.CAPTURE) {
                    runCapture(job);
                } else {
                    runTransfer(job);
                }
            } finally {
                dispatcher.vacate(work);
            }
        }));
    }

    /** Does a job's duties, in the caller's thread to begin with. */
    void settle(Job job) {
        duties.begin(job);
    }

    /** Ends a job whose record is gone or was taken over, or that leaves the rest to others. */
    void end(Job job) {
        keeper.drop(job);
        try {
            job.record().giveBack();
        } catch (RuntimeException | Error e) {
            LOG.warn("the lease could not be given back, it expires by itself: {}", e.toString());
        }
        dispatcher.forget(job);
        jobs.remove(job.id(), job);
        job.end();
        watchers.changed(job.snapshot());
        if (Replicas.areOwed(job.record().snapshot())) {
            copiesOwed.run();
        }
    }

    /** What is to be done when a job has ended whose snapshot is not in all of its regions. */
    void whenCopiesAreOwed(Runnable action) {
        copiesOwed = action;
    }

    /** Tells every job to stop, and waits until each has done what can be done. */
    void close(Duration patience) {
        closed = true;
        dispatcher.close();
        List<Job> all = List.copyOf(jobs.values());
        all.forEach(this::endForClose);
        duties.hurry();
        long deadline = System.nanoTime() + patience.toNanos();
        for (Job job : all) {
            if (!job.awaitEnd(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())))) {
                LOG.error("snapshot {} did not come to an end, its lease runs out", job.id());
                keeper.drop(job);
            }
        }
    }

    /** Where others go on: a capture that has begun comes to its end, a transfer is handed back. Elsewhere both are given up. */
    private void endForClose(Job job) {
        CatalogRecord record = job.record().record();
        if (job.isCopying()) {
            job.stop(Job.StopReason.HANDED_BACK, "the service was closed; another one goes on");
            return;
        }
        boolean shared =
                installation.sharesWork() && Attributes.launchOf(record).isEmpty();
        if (shared && record.snapshot().status() == SnapshotStatus.QUEUED) {
            job.stop(Job.StopReason.HANDED_BACK, "the service was closed; another one goes on");
        } else if (!shared || record.work() != Work.CAPTURE) {
            job.stop(
                    Job.StopReason.CLOSED,
                    "the service was closed before the snapshot was available; take the snapshot again");
        }
    }

    private Granted created(CatalogRecord record) {
        SnapshotCatalog catalog = installation.catalog();
        Duration ttl = installation.settings().leaseTtl();
        return retries.call("creating a record", new Cancellation(), () -> {
            try {
                return new Granted(catalog.create(record, installation.owner(), ttl), record);
            } catch (SnapshotException e) {
                if (e.kind() != Kind.OUTCOME_UNKNOWN) {
                    throw e;
                }
                return found(record, ttl)
                        .orElseThrow(() -> SnapshotException.transientFault(String.valueOf(e.getMessage()), e));
            }
        });
    }

    /** A record whose creation was not answered, if it is there: its identity is nobody else's. */
    private Optional<Granted> found(CatalogRecord record, Duration ttl) {
        SnapshotId id = record.snapshot().id();
        return installation
                .catalog()
                .find(id)
                .flatMap(stored -> installation.catalog().acquire(id.value(), installation.owner(), ttl)
                                instanceof LeaseOutcome.Granted granted
                        ? Optional.of(new Granted(granted.lease(), stored))
                        : Optional.empty());
    }

    private void register(Job job) {
        jobs.put(job.id(), job);
        keeper.keep(job);
        if (closed) {
            endForClose(job);
        }
    }

    private OwnedRecord owned(Granted granted) {
        return new OwnedRecord(
                installation.catalog(),
                retries,
                installation.settings().leaseTtl(),
                granted.lease(),
                granted.record(),
                this::changed);
    }

    private void changed(Snapshot stored) {
        watchers.changed(find(stored.id()).map(Job::snapshot).orElse(stored));
    }

    /** A stopped job that waits for a thread does not wait any longer. */
    private void settleSoon(Job job) {
        threads.urgent().execute(() -> job.inContext(() -> duties.begin(job)));
    }

    private void runCapture(Job job) {
        try {
            SnapshotRequest request = Attributes.requireRequest(job.record().record());
            preflight.identify(job, request);
            new CaptureWorkflow(installation, preflight, retries, job, request).run();
        } catch (RuntimeException | Error e) {
            if (!handedBack(job, e)) {
                settleFailed("capture", job, e);
            }
            return;
        }
        if (job.record().snapshot().isKeptOnVolumes()) {
            duties.begin(job);
        } else if (installation.settings().afterCapture() == AfterCapture.HAND_OVER) {
            end(job);
        } else {
            transfer(job);
        }
    }

    private void runTransfer(Job job) {
        TransferWatch watch = new TransferWatch(
                job, threads.ticks(), installation.settings().stallLimit(), j -> watchers.changed(j.snapshot()));
        try {
            if (VolumeKeeping.isOwed(job.record().record())) {
                new VolumeKeeping(installation, retries, job).run();
            } else {
                new TransferWorkflow(installation, retries, threads, calls, watch, job).run();
            }
        } catch (RuntimeException | Error e) {
            if (!handedBack(job, e)) {
                settleFailed("transfer", job, e);
            }
            return;
        }
        duties.begin(job);
    }

    /** Whether another service goes on with it; what has arrived in the store stays for it. */
    private boolean handedBack(Job job, Throwable e) {
        boolean unfinished = job.record().snapshot().status() == SnapshotStatus.QUEUED;
        if (!job.isHandedBack() || !unfinished || job.record().isFenced()) {
            return false;
        }
        LOG.info("handed back: {}", e.getMessage());
        try {
            job.record().change(r -> r.withWork(Work.WAITS_TO_TRANSFER).with(waitingAgain(r.snapshot())));
        } catch (RuntimeException | Error notWritten) {
            LOG.warn("not noted as handed back, found when its lease has expired: {}", notWritten.toString());
        }
        end(job);
        return true;
    }

    private static Snapshot waitingAgain(Snapshot snapshot) {
        return snapshot.phase() == Phase.TRANSFERRING
                ? snapshot.toBuilder().phase(Phase.WAITING).build()
                : snapshot;
    }

    private void settleFailed(String what, Job job, Throwable e) {
        job.failed(e);
        if (e instanceof SnapshotException) {
            LOG.warn("{} ended: {}", what, e.getMessage());
        } else {
            LOG.error("{} failed for an unexpected reason", what, e);
        }
        duties.begin(job);
    }

    private static SnapshotException busy(SnapshotId id) {
        return SnapshotException.conflict("this service works on snapshot " + id + " already");
    }
}
