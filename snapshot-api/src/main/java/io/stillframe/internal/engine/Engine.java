package io.stillframe.internal.engine;

import io.stillframe.model.LastCopies;
import io.stillframe.model.LaunchListener;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.ReadFrom;
import io.stillframe.model.RebuildReport;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.RegionReport;
import io.stillframe.model.Retention;
import io.stillframe.model.ScrubReport;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Page;
import io.stillframe.spi.RunningWork;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.SnapshotCatalog.Owners;
import io.stillframe.spi.Subscription;
import io.stillframe.spi.TurnRequest.Whose;
import io.stillframe.spi.Work;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Everything behind the facade: assembles the parts, hands each call to the one that it is for, and ends them in order. */
public final class Engine implements AutoCloseable {
    private static final int PAGE = 200;
    private static final long LOOK_AGAIN_NANOS = Duration.ofMillis(500).toNanos();

    private final Plugs plugs;
    private final Installation installation;
    private final Retries retries;
    private final Threads threads;
    private final RegionCalls calls;
    private final LeaseKeeper keeper;
    private final Watchers watchers;
    private final Preflight preflight;
    private final Jobs jobs;
    private final SnapshotReads reads;
    private final Takeover takeover;
    private final Removal removal;
    private final Expiries expiries;
    private final RetentionTimer retention;
    private final Adoption adoption;
    private final RecordAccess access;
    private final Replicator replicator;
    private final Copies copies;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Engine(Plugs plugs, Installation installation) {
        ServiceSettings settings = installation.settings();
        this.plugs = plugs;
        this.installation = installation;
        this.retries = new Retries(settings.retries());
        this.threads = new Threads(
                Plugs.shortName(installation.owner()),
                settings.capturesAtOnce(),
                settings.transfersAtOnce(),
                settings.uploadsPerTransfer() * settings.transfersAtOnce());
        this.calls = new RegionCalls(threads::calls, settings.regionPatience());
        Doorbell doorbell = new Doorbell(installation.catalog(), installation.owner());
        this.keeper = new LeaseKeeper(settings.leaseTtl(), doorbell, threads.nameOf("lease"));
        this.watchers = new Watchers(threads.deliveries(), threads.ticks());
        this.preflight = new Preflight(installation, retries, calls);
        this.jobs = new Jobs(installation, threads, retries, calls, preflight, keeper, watchers);
        TrustedTime time = new TrustedTime(installation.clock(), installation.catalog());
        this.reads = new SnapshotReads(installation, jobs, time);
        this.takeover = new Takeover(installation, jobs, doorbell);
        this.removal = new Removal(installation, retries, calls, jobs, reads, takeover);
        this.expiries = new Expiries(installation, time, jobs, takeover, removal);
        this.retention = new RetentionTimer(expiries, time, threads.nameOf("retention"));
        this.adoption = new Adoption(
                c -> new Recovery(installation, retries, calls, jobs, takeover, removal).adopt(c),
                settings.leaseTtl(),
                threads.nameOf("recovery"));
        this.access = new RecordAccess(jobs, reads, takeover);
        this.replicator = new Replicator(installation, retries, threads, calls, jobs, takeover, removal);
        this.copies = new Copies(installation, reads, access, replicator);
        jobs.whenCopiesAreOwed(replicator::look);
        jobs.start();
        if (settings.worker() != ServiceSettings.Worker.NONE && installation.mayOweCopies()) {
            replicator.start();
        }
        if (settings.worker() == ServiceSettings.Worker.ANY) {
            adoption.start();
        }
        watchers.start(id -> jobs.find(id).isPresent(), reads::find);
        if (settings.expiry() == ServiceSettings.Expiry.TIMER
                && !installation.regions().isEmpty()) {
            retention.start();
        }
    }

    /** Opens the plugins and starts the service's threads. */
    public static Engine start(
            List<PluggedHost> hypervisors,
            List<PluggedRegion> regions,
            @Nullable Plugged<SnapshotCatalog> catalog,
            ServiceSettings settings,
            Clock clock) {
        if (catalog == null) {
            throw SnapshotException.invalid("a snapshot service needs a catalog; give the builder one");
        }
        Plugs plugs = new Plugs();
        try {
            return new Engine(plugs, plugs.install(hypervisors, regions, catalog, settings, clock));
        } catch (RuntimeException | Error e) {
            plugs.close();
            throw e;
        }
    }

    public Snapshot create(SnapshotRequest request) {
        requireOpen();
        return new Admission(installation, preflight, jobs).admit(request);
    }

    public Snapshot get(SnapshotId id) {
        requireOpen();
        return reads.get(id);
    }

    public Page<Snapshot> list(SnapshotQuery query, Optional<String> after, int limit) {
        requireOpen();
        return reads.list(query, after, limit);
    }

    public Subscription watch(SnapshotId id, Consumer<Snapshot> listener) {
        requireOpen();
        return watchers.add(reads.get(id), listener);
    }

    public Snapshot await(SnapshotId id, Predicate<Snapshot> until, Duration deadline) {
        long end = System.nanoTime() + deadline.toNanos();
        try (ToldState told = watchers.tell(id)) {
            while (true) {
                Snapshot snapshot = awaited(id);
                if (until.test(snapshot)) {
                    return snapshot;
                }
                long left = end - System.nanoTime();
                if (left <= 0) {
                    throw SnapshotException.transientFault(
                            "snapshot " + id + " is still " + snapshot.status() + " (" + snapshot.phase() + ", owes "
                                    + snapshot.obligations() + ") after " + deadline.toMillis() + " ms",
                            null);
                }
                told.await(until, Math.min(left, LOOK_AGAIN_NANOS));
            }
        }
    }

    public LaunchedInstance launch(LaunchRequest request, LaunchListener listener, Cancellation cancellation) {
        requireOpen();
        return new LaunchWorkflow(installation, retries, reads, jobs).run(request, listener, cancellation);
    }

    public BlockSource openDisk(SnapshotId id, String device, ReadFrom from) {
        requireOpen();
        return reads.openDisk(id, device, from);
    }

    public Snapshot addCopy(SnapshotId id, String region) {
        requireOpen();
        return copies.add(id, region);
    }

    public ScrubReport scrub(SnapshotId id, Cancellation cancellation) {
        requireOpen();
        return new Scrub(installation, retries, access, cancellation)
                .look(reads.available(id).snapshot());
    }

    public ScrubReport repair(SnapshotId id, Cancellation cancellation) {
        requireOpen();
        ScrubReport report = new Scrub(installation, retries, access, cancellation)
                .repair(reads.available(id).snapshot());
        replicator.look(id);
        return report;
    }

    public RegionReport fillRegion(
            String region, SnapshotQuery query, Consumer<RegionReport> listener, Cancellation cancellation) {
        requireOpen();
        installation.region(region);
        return new RegionWork(reads, copies, listener, cancellation).fill(query, region);
    }

    public RegionReport drainRegion(
            String region, Optional<String> to, Consumer<RegionReport> listener, Cancellation cancellation) {
        requireOpen();
        to.ifPresent(installation::region);
        if (to.equals(Optional.of(region))) {
            throw SnapshotException.invalid("region " + region + " cannot be drained into itself");
        }
        return new RegionWork(reads, copies, listener, cancellation).drain(region, to);
    }

    public RegionReport forgetRegion(
            String region, LastCopies lastCopies, Consumer<RegionReport> listener, Cancellation cancellation) {
        requireOpen();
        LostRegion lost = new LostRegion(installation, retries, reads, access, removal, region, lastCopies);
        return new RegionWork(reads, copies, listener, cancellation).forget(lost);
    }

    public Snapshot removeCopy(SnapshotId id, String region) {
        requireOpen();
        return copies.remove(id, region);
    }

    public Snapshot cancel(SnapshotId id) {
        requireOpen();
        removal.cancel(id);
        // As the catalog has it: its job may learn a moment later what it has just written.
        return reads.record(id).snapshot();
    }

    public void delete(SnapshotId id) {
        requireOpen();
        try {
            removal.delete(id);
        } finally {
            // Which goes on with what could not be removed.
            retention.look();
        }
    }

    public Snapshot resume(SnapshotId id) {
        requireOpen();
        Snapshot wanted = reads.record(id).snapshot();
        installation.requireHypervisor(wanted.instance().hypervisor());
        installation.requireReached(wanted);
        Job job = takeover.now(id)
                .orElseThrow(() -> SnapshotException.conflict("snapshot " + id + " is being worked on by its owner"));
        Snapshot snapshot = job.record().snapshot();
        if (snapshot.status() != SnapshotStatus.QUEUED) {
            jobs.end(job);
            throw SnapshotException.conflict(
                    "snapshot " + id + " is " + snapshot.status() + "; only a QUEUED one can be resumed");
        }
        if (Replicas.isStoredOnly(snapshot)) {
            jobs.end(job);
            replicator.look(id);
            return snapshot;
        }
        jobs.transfer(job);
        return job.snapshot();
    }

    /** Takes over the one whose turn it is, or one that a dead process has left. */
    public Optional<Snapshot> resumeNext() {
        requireOpen();
        installation.onlyHost();
        installation.home();
        return jobs.nextTransfer().or(this::leftTransfer).map(Job::snapshot);
    }

    private Optional<Job> leftTransfer() {
        Optional<String> after = Optional.empty();
        do {
            Page<CatalogRecord> page = installation.catalog().unfinished(Owners.NONE, after, PAGE);
            for (CatalogRecord record : page.items()) {
                Optional<Job> job = record.work() == Work.TRANSFER && reaches(record)
                        ? takeover.now(record.snapshot().id())
                        : Optional.empty();
                if (job.isPresent()) {
                    jobs.transfer(job.get());
                    return job;
                }
            }
            after = page.next();
        } while (after.isPresent());
        return Optional.empty();
    }

    private boolean reaches(CatalogRecord record) {
        RunningWork work = RunningWork.of(record.work(), record.snapshot());
        return installation.turn(Set.of(), Whose.ANY).reaches(work.host(), work.store());
    }

    public Snapshot changeRetention(SnapshotId id, Retention value) {
        requireOpen();
        Snapshot changed = new RetentionChange(installation, retries, calls, reads, access).run(id, value);
        retention.look();
        return changed;
    }

    public RebuildReport rebuildCatalog(Cancellation cancellation) {
        requireOpen();
        return new CatalogRebuild(installation, retries, access, cancellation).run();
    }

    public RecoveryReport recover(Cancellation cancellation) {
        requireOpen();
        return new Recovery(installation, retries, calls, jobs, takeover, removal).run(cancellation);
    }

    public SweepReport sweep(SweepMode mode, Cancellation cancellation) {
        requireOpen();
        return new Sweep(installation, takeover, jobs, expiries, removal, mode, cancellation).run();
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try {
            adoption.close();
            replicator.close();
            retention.close();
            jobs.close(installation.patience().plus(installation.settings().stallLimit()));
        } finally {
            try {
                watchers.close();
                keeper.close();
                threads.close();
            } finally {
                plugs.close();
            }
        }
    }

    private Snapshot awaited(SnapshotId id) {
        if (closed.get()) {
            throw new SnapshotException(Kind.CANCELLED, "the service was closed while waiting for snapshot " + id);
        }
        return reads.get(id);
    }

    private void requireOpen() {
        if (closed.get()) {
            throw SnapshotException.conflict("the service was closed");
        }
    }
}
