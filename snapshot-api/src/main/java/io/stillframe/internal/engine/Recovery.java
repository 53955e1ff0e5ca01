package io.stillframe.internal.engine;

import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.Obligation;
import io.stillframe.model.Phase;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.RecoveryReport.Item;
import io.stillframe.model.RecoveryReport.Outcome;
import io.stillframe.model.ServiceSettings.Interrupted;
import io.stillframe.model.ServiceSettings.Worker;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.Page;
import io.stillframe.spi.SnapshotCatalog.Owners;
import io.stillframe.spi.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after what dead processes left in the catalog: every record whose lease is free or expired and that is not at rest. All of
 * them are taken first, so that instances come back at once; then it waits for each.
 */
final class Recovery {
    private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);
    private static final int PAGE = 200;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    private final Installation installation;
    private final Retries retries;
    private final RegionCalls calls;
    private final Jobs jobs;
    private final Takeover takeover;
    private final Removal removal;

    Recovery(
            Installation installation,
            Retries retries,
            RegionCalls calls,
            Jobs jobs,
            Takeover takeover,
            Removal removal) {
        this.installation = installation;
        this.retries = retries;
        this.calls = calls;
        this.jobs = jobs;
        this.takeover = takeover;
        this.removal = removal;
    }

    /** A job whose duties are being done. */
    private record Pending(Job job, Outcome outcome, String detail) {}

    /** Looks only at what has no living owner, and at nothing that waits for its turn. */
    RecoveryReport adopt(Cancellation cancellation) {
        List<Item> items = new ArrayList<>();
        List<Pending> pending = new ArrayList<>();
        for (CatalogRecord record : unfinished(Owners.NONE, cancellation)) {
            cancellation.check();
            if (isReached(record)) {
                lookAfter(record.snapshot().id(), items, pending);
            }
        }
        pending.forEach(p -> items.add(new Item(p.job().id(), p.outcome(), p.detail())));
        return new RecoveryReport(items);
    }

    RecoveryReport run(Cancellation cancellation) {
        try (PhaseSpan span = PhaseEvents.begin(PhaseEvents.Kind.RECOVERY)) {
            RecoveryReport report = lookAfterAll(cancellation);
            span.done(report.items().size() + " items");
            return report;
        }
    }

    private RecoveryReport lookAfterAll(Cancellation cancellation) {
        List<Item> items = new ArrayList<>();
        List<Pending> pending = new ArrayList<>();
        List<SnapshotId> owned = new ArrayList<>();
        for (CatalogRecord record : unfinished(Owners.ANY, cancellation)) {
            cancellation.check();
            if (!lookAfter(record.snapshot().id(), items, pending)) {
                owned.add(record.snapshot().id());
            }
        }
        outlastOwners(owned, items, pending, cancellation);
        pending.forEach(p -> items.add(awaited(p, cancellation)));
        removeUnneeded(cancellation);
        return new RecoveryReport(items);
    }

    /**
     * A process that has just been killed still has its leases; whoever recovers right after it must not pass by the instance that it
     * left down. Only a living owner still has its lease when a lease's time has passed.
     */
    private void outlastOwners(
            List<SnapshotId> owned, List<Item> items, List<Pending> pending, Cancellation cancellation) {
        owned.removeIf(id -> jobs.find(id).isPresent());
        long deadline = leaseEnd();
        while (!owned.isEmpty() && System.nanoTime() - deadline < 0) {
            cancellation.await(LOOK_AGAIN.toNanos());
            owned.removeIf(id -> lookAfter(id, items, pending));
        }
    }

    /** Also what a process that has just been killed was removing, and still has the leases of. */
    private void removeUnneeded(Cancellation cancellation) {
        List<Snapshot> owned = removal.removeUnneeded(new Loans(installation).removed());
        long deadline = leaseEnd();
        while (!owned.isEmpty() && System.nanoTime() - deadline < 0) {
            cancellation.await(LOOK_AGAIN.toNanos());
            owned = removal.removeUnneeded(owned);
        }
    }

    /** When only a living owner can still have its lease. */
    private long leaseEnd() {
        return System.nanoTime()
                + installation.settings().leaseTtl().plus(LOOK_AGAIN).toNanos();
    }

    static boolean isRestless(CatalogRecord record) {
        SnapshotStatus status = record.snapshot().status();
        return !status.settled()
                || Duties.left(record).isPresent()
                || Replicas.areOwed(record.snapshot())
                || Attributes.launchOf(record).isPresent();
    }

    private List<CatalogRecord> unfinished(Owners owners, Cancellation cancellation) {
        List<CatalogRecord> found = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            cancellation.check();
            Page<CatalogRecord> page = installation.catalog().unfinished(owners, after, PAGE);
            page.items().stream()
                    .filter(record -> !waitsItsTurn(record) && !onlyOwesCopies(record))
                    .forEach(found::add);
            after = page.next();
        } while (after.isPresent());
        return found;
    }

    /** What waits for anyone is taken when its turn comes; what waited for one service has lost it. */
    private boolean waitsItsTurn(CatalogRecord record) {
        boolean taken =
                Attributes.isForAnyone(record) || installation.settings().worker() == Worker.ANY;
        return record.work().waits() && taken;
    }

    /** Copies are caught up with by themselves, by any service that reaches both regions. */
    static boolean onlyOwesCopies(CatalogRecord record) {
        return Replicas.areOwed(record.snapshot()) && Duties.left(record).isEmpty();
    }

    /** Whether another service would only have to do it again. */
    private boolean isReached(CatalogRecord record) {
        try {
            requireReach(record);
            if (!record.snapshot().replicas().isEmpty()) {
                installation.requireReached(record.snapshot());
            }
            return true;
        } catch (SnapshotException e) {
            return false;
        }
    }

    /** Whether it has been looked after, or needs nothing; not so while it has an owner. */
    private boolean lookAfter(SnapshotId id, List<Item> items, List<Pending> pending) {
        Optional<Job> taken;
        try {
            taken = takeover.now(id);
        } catch (SnapshotException e) {
            if (e.kind() != Kind.NOT_FOUND && e.kind() != Kind.CONFLICT) {
                items.add(new Item(id, Outcome.STILL_OWED, String.valueOf(e.getMessage())));
            }
            return true;
        }
        taken.ifPresent(job -> job.inContext(() -> lookAfter(job, items, pending)));
        return taken.isPresent();
    }

    private void lookAfter(Job job, List<Item> items, List<Pending> pending) {
        try (PhaseSpan span =
                PhaseEvents.begin(PhaseEvents.Kind.RECOVERY, job.record().snapshot())) {
            int before = items.size();
            take(job, items, pending);
            span.done(items.size() > before ? items.get(before).outcome().name() : "looked after");
        }
    }

    private void take(Job job, List<Item> items, List<Pending> pending) {
        if (!isRestless(job.record().record())) {
            // An older release did not say so.
            if (job.record().record().work() != Work.NONE) {
                job.record().change(r -> r);
            }
            jobs.end(job);
            return;
        }
        if (waitsItsTurn(job.record().record()) || onlyOwesCopies(job.record().record())) {
            jobs.end(job);
            return;
        }
        try {
            requireReach(job.record().record());
        } catch (SnapshotException e) {
            jobs.end(job);
            items.add(new Item(job.id(), Outcome.STILL_OWED, String.valueOf(e.getMessage())));
            return;
        }
        LOG.info("taking over, its process has ended");
        if (Attributes.launchOf(job.record().record()).isPresent()) {
            items.add(launch(job));
            return;
        }
        switch (job.record().snapshot().status()) {
            case DELETING -> items.add(deleted(job));
            case CAPTURING -> interrupted(job, items, pending);
            case QUEUED -> queued(job, items, pending);
            default -> pending.add(discharged(job));
        }
    }

    /** Obligations can be met on the instance's own hypervisor only. */
    private void requireReach(CatalogRecord record) {
        boolean needed = !record.snapshot().obligations().isEmpty()
                || VolumeKeeping.isOwed(record)
                || Attributes.launchOf(record).isPresent()
                || record.snapshot().status() == SnapshotStatus.CAPTURING;
        if (needed) {
            installation.requireHypervisor(record.snapshot().instance().hypervisor());
        } else if (record.snapshot().status() != SnapshotStatus.AVAILABLE) {
            VolumeAccess.of(installation, record);
        }
    }

    /** A capture that had touched nothing begins again, if it is anyone's. */
    private void interrupted(Job job, List<Item> items, List<Pending> pending) {
        CatalogRecord record = job.record().record();
        boolean untouched = record.snapshot().phase() == Phase.REQUESTED
                && record.snapshot().obligations().isEmpty();
        if (!untouched || !Attributes.isForAnyone(record)) {
            pending.add(failed(job, "before its point in time was held and the instance was back"));
            return;
        }
        try {
            new StoredRemoval(installation, retries, calls).run(job, new Cancellation());
            job.record().change(r -> r.withWork(Work.WAITS_TO_CAPTURE));
            jobs.capture(job);
            items.add(new Item(job.id(), Outcome.RESUMED, "nothing had been touched; it waits for its turn again"));
        } catch (RuntimeException e) {
            jobs.end(job);
            items.add(new Item(job.id(), Outcome.STILL_OWED, String.valueOf(e.getMessage())));
        }
    }

    private void queued(Job job, List<Item> items, List<Pending> pending) {
        if (Replicas.isStoredOnly(job.record().snapshot())) {
            pending.add(discharged(job));
            return;
        }
        if (VolumeKeeping.isOwed(job.record().record())) {
            keeping(job, items, pending);
            return;
        }
        try {
            installation.requireReached(job.record().snapshot());
            Publication publication = new Publication(installation, retries, calls, job);
            if (publication.isComplete()) {
                publication.run();
                pending.add(settling(job, Outcome.COMPLETED, "everything was stored"));
            } else if (installation.settings().interrupted() == Interrupted.FAIL) {
                pending.add(failed(job, "while its image was being stored"));
            } else {
                requireHeld(job);
                jobs.transfer(job);
                items.add(new Item(job.id(), Outcome.RESUMED, "its point in time is still held"));
            }
        } catch (RuntimeException e) {
            notResumed(job, e, "while its image was being stored, and it cannot be resumed: ", items, pending);
        }
    }

    /** Kept already or still held: keeping it takes no time worth a turn. */
    private void keeping(Job job, List<Item> items, List<Pending> pending) {
        try {
            if (installation.settings().interrupted() == Interrupted.FAIL) {
                pending.add(failed(job, "while its point in time was being kept"));
            } else {
                new VolumeKeeping(installation, retries, job).run();
                pending.add(settling(job, Outcome.COMPLETED, "its point in time is kept on its volumes"));
            }
        } catch (RuntimeException e) {
            notResumed(job, e, "while its point in time was being kept, and it cannot be: ", items, pending);
        }
    }

    private void notResumed(Job job, RuntimeException e, String when, List<Item> items, List<Pending> pending) {
        if (e instanceof SnapshotException known && known.kind() == Kind.UNSUPPORTED) {
            jobs.end(job);
            items.add(new Item(job.id(), Outcome.STILL_OWED, String.valueOf(e.getMessage())));
            return;
        }
        job.failed(e);
        pending.add(failed(job, when + e.getMessage()));
    }

    private void requireHeld(Job job) {
        Snapshot snapshot = job.record().snapshot();
        CapturePlan plan = Attributes.requirePlan(job.record().record());
        DiskCapture capture =
                installation.requireHypervisor(snapshot.instance().hypervisor()).capture();
        if (!snapshot.obligations().contains(Obligation.RELEASE)) {
            throw SnapshotException.notFound("its point in time is no longer held");
        }
        for (CapturePlan.Disk disk : plan.disks()) {
            try (BlockSource source = capture.open(plan, disk.device())) {
                source.size();
            }
        }
    }

    private Pending failed(Job job, String when) {
        String reason = "interrupted: the process that took the snapshot ended " + when + "; take it again";
        Throwable primary =
                new SnapshotException(Kind.TRANSIENT, reason, job.failure().orElse(null));
        job.failedFirst(primary);
        return settling(job, Outcome.FAILED, reason);
    }

    private Pending discharged(Job job) {
        String left = Duties.left(job.record().record()).orElse("nothing");
        return settling(job, Outcome.DISCHARGED, left);
    }

    private Pending settling(Job job, Outcome outcome, String detail) {
        jobs.settle(job);
        return new Pending(job, outcome, detail);
    }

    private Item deleted(Job job) {
        try {
            removal.remove(job);
            return new Item(job.id(), Outcome.DELETED, "its removal was finished");
        } catch (RuntimeException e) {
            return new Item(job.id(), Outcome.STILL_OWED, "its removal goes on later: " + e.getMessage());
        }
    }

    /** A launch that had not begun to define its instance is undone; one that had may be in use already and is completed. */
    private Item launch(Job job) {
        SnapshotId of = Attributes.launchOf(job.record().record()).orElseThrow();
        LaunchPlan plan = Attributes.launchPlan(job.record().record());
        HypervisorDriver driver = installation
                .requireHypervisor(job.record().snapshot().instance().hypervisor())
                .driver();
        try {
            boolean defining = installation.catalog().journal(job.id()).stream()
                    .anyMatch(entry -> entry.step().equals(LaunchWorkflow.DEFINE));
            boolean exists = defining && exists(driver, plan.name());
            if (exists) {
                driver.completeLaunch(plan);
            } else {
                driver.discardLaunch(plan);
            }
            job.record().remove();
            return exists
                    ? new Item(of, Outcome.COMPLETED, "launch of " + plan.name() + " was complete")
                    : new Item(of, Outcome.LAUNCH_DISCARDED, "half-made launch of " + plan.name() + " removed");
        } catch (RuntimeException e) {
            return new Item(of, Outcome.STILL_OWED, "launch of " + plan.name() + ": " + e.getMessage());
        } finally {
            jobs.end(job);
        }
    }

    private static boolean exists(HypervisorDriver driver, String name) {
        try {
            return driver.observe(name).name().equals(name);
        } catch (SnapshotException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private Item awaited(Pending pending, Cancellation cancellation) {
        SnapshotId id = pending.job().id();
        long deadline = System.nanoTime() + installation.patience().toNanos();
        while (!pending.job().awaitEnd(LOOK_AGAIN)) {
            if (cancellation.requested() || System.nanoTime() - deadline >= 0) {
                String left = Duties.left(pending.job().record().record()).orElse("its end");
                return new Item(id, Outcome.STILL_OWED, left + "; this service goes on trying");
            }
        }
        return Duties.left(pending.job().record().record())
                .map(left -> new Item(id, Outcome.STILL_OWED, left))
                .orElseGet(() -> new Item(id, pending.outcome(), pending.detail()));
    }
}
