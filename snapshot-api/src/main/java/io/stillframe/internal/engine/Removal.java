package io.stillframe.internal.engine;

import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Obligation;
import io.stillframe.model.Phase;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.VolumeCopy;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.ObjectKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Cancels and removes snapshots, whatever is being done about them. */
final class Removal {
    private static final Logger LOG = LoggerFactory.getLogger(Removal.class);
    private static final String DELETE = "delete";
    private static final int MOST_ROUNDS = 3;

    private final Installation installation;
    private final Retries retries;
    private final RegionCalls calls;
    private final Jobs jobs;
    private final SnapshotReads reads;
    private final Takeover takeover;
    private final PointInTimeRelease release;
    private final VolumeRemoval volumes;
    private final Loans loans;
    private final InstanceReturn instanceReturn;

    Removal(
            Installation installation,
            Retries retries,
            RegionCalls calls,
            Jobs jobs,
            SnapshotReads reads,
            Takeover takeover) {
        this.installation = installation;
        this.retries = retries;
        this.calls = calls;
        this.jobs = jobs;
        this.reads = reads;
        this.takeover = takeover;
        this.release = new PointInTimeRelease(installation);
        this.volumes = new VolumeRemoval(installation, retries);
        this.loans = new Loans(installation);
        this.instanceReturn = new InstanceReturn(installation);
    }

    /** Returns once the snapshot is settled. */
    void cancel(SnapshotId id) {
        String why = "cancelled by its owner";
        reads.record(id);
        if (isSettled(id)) {
            return;
        }
        takeover.endUntil(id, why, () -> {
            if (isSettled(id)) {
                return true;
            }
            takeover.now(id).ifPresent(job -> settleCancelled(job, why));
            return isSettled(id);
        });
    }

    /** Returns once nothing is left of the snapshot. */
    void delete(SnapshotId id) {
        requireNoHold(reads.record(id).snapshot());
        Job job = takeover.afterEndOf(id, "deleted by its owner");
        try {
            requireNoHold(job.record().snapshot());
            if (job.record().snapshot().status() == SnapshotStatus.AVAILABLE) {
                volumes.requireUnneeded(job.record());
            }
        } catch (RuntimeException | Error e) {
            jobs.end(job);
            throw e;
        }
        job.inContext(() -> remove(job));
    }

    /**
     * Removes the snapshot of a job that this service holds, and ends the job.
     *
     * @throws SnapshotException if something is left; the snapshot is {@code DELETING} then
     */
    void remove(Job job) {
        Snapshot before = job.record().snapshot();
        if (before.status() == SnapshotStatus.REMOVED) {
            // Somebody else was faster. What is left of it is others'.
            jobs.end(job);
            return;
        }
        try {
            OwnedRecord record = job.record();
            if (record.snapshot().status() != SnapshotStatus.DELETING) {
                record.intent(DELETE, "was " + record.snapshot().status());
            }
            record.update(s -> Replicas.mapped(s, Removal::deleting).toBuilder()
                    .volumes(s.volumes().map(VolumeCopy::deleting))
                    .status(SnapshotStatus.DELETING)
                    .phase(Phase.DONE)
                    .build());
            giveBackInstance(job);
            Cancellation cancellation = new Cancellation();
            if (record.snapshot().obligations().contains(Obligation.RELEASE)) {
                retries.run("releasing the point in time", cancellation, () -> release.run(record));
            }
            removed(record, removeCopies(job, cancellation));
        } finally {
            jobs.end(job);
        }
        removeUnneededBeside(before);
    }

    /** The record goes with the last object. */
    private static void removed(OwnedRecord record, Set<ObjectKey> needed) {
        if (needed.isEmpty()) {
            record.remove();
        } else {
            record.change(r -> Attributes.ofRemoved(r, removed(r.snapshot(), needed)));
        }
    }

    private static Snapshot removed(Snapshot snapshot, Set<ObjectKey> needed) {
        return snapshot.toBuilder()
                .status(SnapshotStatus.REMOVED)
                .disks(snapshot.disks().stream()
                        .map(disk -> isNeeded(disk, needed) ? disk.withOlder(List.of()) : disk.unstored())
                        .toList())
                .build();
    }

    private static boolean isNeeded(DiskSnapshot disk, Set<ObjectKey> needed) {
        return disk.object().map(ObjectKey::of).filter(needed::contains).isPresent();
    }

    /** Removes what is left of removed snapshots of the same instance and nobody needs any more, if this one was built on any. */
    void removeUnneededBeside(Snapshot snapshot) {
        boolean built = snapshot.disks().stream().anyMatch(disk -> !disk.older().isEmpty());
        try {
            removeUnneeded(built ? loans.removedOf(snapshot) : List.of());
        } catch (SnapshotException e) {
            LOG.info("what nobody needs any more is removed later: {}", e.getMessage());
        }
    }

    /**
     * Removes what is left of removed snapshots and nobody needs any more, as far as that can be done now.
     *
     * @return those that another owner, living or dead, still has the lease of
     */
    List<Snapshot> removeUnneeded(List<Snapshot> removed) {
        List<Snapshot> owned = new ArrayList<>();
        for (Snapshot snapshot : removed) {
            try {
                if (!isRemovedAsFarAsUnneeded(snapshot.id())) {
                    owned.add(snapshot);
                }
            } catch (SnapshotException e) {
                if (e.kind() != Kind.NOT_FOUND) {
                    LOG.info("what is left of {} is removed later: {}", snapshot.id(), e.getMessage());
                }
            }
        }
        return owned;
    }

    /** Looks again after each removal: whoever gave its need up meanwhile has passed by what this one was working on. */
    private boolean isRemovedAsFarAsUnneeded(SnapshotId id) {
        for (int round = 0; round < MOST_ROUNDS && removedAndUnneeded(id).isPresent(); round++) {
            Optional<Job> taken = takeover.now(id);
            if (taken.isEmpty()) {
                return false;
            }
            taken.get().inContext(() -> removeUnneeded(taken.get()));
        }
        return true;
    }

    private Optional<Snapshot> removedAndUnneeded(SnapshotId id) {
        return installation
                .catalog()
                .find(id)
                .map(CatalogRecord::snapshot)
                .filter(snapshot -> snapshot.status() == SnapshotStatus.REMOVED
                        && loans.unneeded(snapshot).certain());
    }

    private void removeUnneeded(Job job) {
        try {
            OwnedRecord record = job.record();
            if (record.snapshot().status() == SnapshotStatus.REMOVED) {
                removed(record, new StoredRemoval(installation, retries, calls).run(job, new Cancellation()));
            }
        } finally {
            jobs.end(job);
        }
    }

    /** Those in stores and those on volumes do not wait for each other. */
    private Set<ObjectKey> removeCopies(Job job, Cancellation cancellation) {
        OwnedRecord record = job.record();
        SnapshotException failure = null;
        Set<ObjectKey> needed = Set.of();
        try {
            if (Attributes.store(record.record()) == Attributes.StoreState.TOUCHED) {
                needed = new StoredRemoval(installation, retries, calls).run(job, cancellation);
            }
        } catch (SnapshotException e) {
            failure = e;
        }
        boolean stored = failure == null
                && needed.isEmpty()
                && Attributes.store(record.record()) == Attributes.StoreState.TOUCHED;
        if (stored && Attributes.kept(record.record()).isPresent()) {
            // Volumes may be needed for long: what a store has confirmed is not asked again.
            record.change(r -> Attributes.withStore(r, Attributes.StoreState.CLEAN));
        }
        try {
            volumes.run(record, cancellation);
        } catch (SnapshotException e) {
            if (failure != null) {
                e.addSuppressed(failure);
            }
            failure = e;
        }
        if (failure != null) {
            throw failure;
        }
        return needed;
    }

    /** One that is being removed already keeps saying why it is not yet. */
    private static Replica deleting(Replica replica) {
        boolean told = replica.state() == Replica.State.REMOVED || replica.state() == Replica.State.DELETING;
        return told ? replica : replica.deleting();
    }

    private static void requireNoHold(Snapshot snapshot) {
        Optional<String> hold = snapshot.retention().legalHold();
        if (hold.isPresent() && snapshot.status() != SnapshotStatus.DELETING) {
            throw SnapshotException.conflict("snapshot " + snapshot.id() + " is under legal hold (" + hold.get()
                    + "); lift the hold before it is deleted");
        }
    }

    private void giveBackInstance(Job job) {
        long deadline = System.nanoTime() + installation.patience().toNanos();
        Cancellation cancellation = new Cancellation();
        Optional<Duration> later = attempt(job, cancellation);
        while (later.isPresent()) {
            if (System.nanoTime() - deadline >= 0) {
                throw SnapshotException.transientFault(
                        "the instance is still owed " + job.record().snapshot().obligations() + "; ask again", null);
            }
            cancellation.await(later.get().toNanos());
            later = attempt(job, cancellation);
        }
    }

    private Optional<Duration> attempt(Job job, Cancellation cancellation) {
        return retries.call("giving the instance back", cancellation, () -> instanceReturn.attempt(job));
    }

    private void settleCancelled(Job job, String why) {
        SnapshotStatus status = job.record().snapshot().status();
        if (status == SnapshotStatus.DELETING) {
            jobs.end(job);
            return;
        }
        if (!job.record().snapshot().obligations().isEmpty()) {
            requireReach(job);
        }
        job.stop(Job.StopReason.OWNER, why);
        job.inContext(() -> jobs.settle(job));
    }

    /** Whoever cannot do what is owed leaves the snapshot to those who can. */
    private void requireReach(Job job) {
        try {
            installation.requireHypervisor(job.record().snapshot().instance().hypervisor());
        } catch (SnapshotException e) {
            jobs.end(job);
            throw e;
        }
    }

    private boolean isSettled(SnapshotId id) {
        Optional<CatalogRecord> record = installation.catalog().find(id);
        if (record.isEmpty()) {
            throw new SnapshotException(Kind.NOT_FOUND, "snapshot " + id + " was removed meanwhile");
        }
        SnapshotStatus status = record.get().snapshot().status();
        return status.settled() || status == SnapshotStatus.DELETING;
    }
}
