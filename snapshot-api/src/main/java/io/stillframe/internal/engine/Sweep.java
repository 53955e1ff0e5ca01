package io.stillframe.internal.engine;

import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport;
import io.stillframe.model.SweepReport.Action;
import io.stillframe.model.SweepReport.Item;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.ObjectKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds and removes what nothing needs any more. What it may remove, and nothing else:
 *
 * <ul>
 *   <li>snapshots of this catalog whose retention is over;
 *   <li>what is left of removed snapshots, once no younger one points into it;
 *   <li>stored objects and unfinished uploads of snapshots that this catalog knows as failed or cancelled and nobody works on;
 *   <li>unfinished uploads of available snapshots that nobody works on;
 *   <li>stored objects and unfinished uploads of snapshots that this catalog does not know, if all of it is older than the orphan age and
 *       no manifest was published for them, or one that none of the disks that it names are there for: another catalog that shares the
 *       store may be working on younger ones, and owns those with manifest and disks;
 *   <li>points in time held for snapshots that this catalog knows as settled and owing nothing, or does not know and that are older
 *       than the orphan age. A release loses nothing that the instance wrote;
 *   <li>snapshots kept on volumes for snapshots that this catalog knows as at rest and that do not name them; those that it does not know
 *       only if the settings say from what age on: they are whole snapshots, of another catalog or of one that was lost.
 * </ul>
 */
final class Sweep {
    /** Why something is kept. */
    static final String UNREADABLE = "its record in this catalog cannot be read, so that nobody knows what it needs";

    private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

    private final Installation installation;
    private final Takeover takeover;
    private final Jobs jobs;
    private final Expiries expiries;
    private final Removal removal;
    private final SweepMode mode;
    private final Cancellation cancellation;
    private final List<Item> items = new ArrayList<>();

    Sweep(
            Installation installation,
            Takeover takeover,
            Jobs jobs,
            Expiries expiries,
            Removal removal,
            SweepMode mode,
            Cancellation cancellation) {
        this.installation = installation;
        this.takeover = takeover;
        this.jobs = jobs;
        this.expiries = expiries;
        this.removal = removal;
        this.mode = mode;
        this.cancellation = cancellation;
    }

    SweepReport run() {
        try (PhaseSpan span = PhaseEvents.begin(PhaseEvents.Kind.SWEEP)) {
            SweepReport report = look();
            span.bytes(report.items().stream()
                    .filter(item -> item.action() == Action.REMOVED)
                    .mapToLong(Item::bytes)
                    .sum());
            span.done(mode + ", " + report.items().size() + " items");
            return report;
        }
    }

    private SweepReport look() {
        expired();
        lent();
        installation.regions().forEach(this::stored);
        installation.hosts().values().forEach(this::held);
        installation
                .hosts()
                .values()
                .forEach(host ->
                        host.volumes().ifPresent(volumes -> new VolumeSweep(installation, volumes, this).run()));
        return new SweepReport(mode, items);
    }

    /** What a store's or a host's thing is to this catalog. */
    enum Standing {
        /** Somebody works on it, or may go on with it. */
        NEEDED,
        /** Available and at rest. */
        AVAILABLE,
        /** Failed or cancelled and at rest. */
        GIVEN_UP,
        /** In this catalog, but its record does not tell what it needs. */
        UNREADABLE,
        /** Not in this catalog. */
        UNKNOWN
    }

    /** One record that is damaged, or a newer version's, keeps nothing else from being swept. */
    Standing standing(SnapshotId id) {
        try {
            return standing(id, installation.catalog().find(id));
        } catch (SnapshotException e) {
            if (e.kind() == Kind.CORRUPT || e.kind() == Kind.UNSUPPORTED) {
                LOG.warn("what belongs to {} is left alone: {}", id, e.getMessage());
                return Standing.UNREADABLE;
            }
            throw e;
        }
    }

    private Standing standing(SnapshotId id, Optional<CatalogRecord> record) {
        if (record.isEmpty()) {
            return Standing.UNKNOWN;
        }
        if (Recovery.isRestless(record.get())
                || jobs.find(id).isPresent()
                || record.get().snapshot().status() == SnapshotStatus.REMOVED) {
            return Standing.NEEDED;
        }
        return record.get().snapshot().status() == SnapshotStatus.AVAILABLE ? Standing.AVAILABLE : Standing.GIVEN_UP;
    }

    /** Whether something is too young to be called an orphan. */
    boolean isYoung(Instant since) {
        return since.plus(installation.settings().orphanAge())
                .isAfter(installation.clock().instant());
    }

    Cancellation cancellation() {
        return cancellation;
    }

    void keep(SweepReport.Kind kind, String subject, long bytes, String why) {
        items.add(new Item(kind, subject, Action.KEPT, bytes, why));
    }

    void remove(SweepReport.Kind kind, String subject, long bytes, String why, Runnable removing) {
        cancellation.check();
        if (mode == SweepMode.DRY_RUN) {
            items.add(new Item(kind, subject, Action.WOULD_REMOVE, bytes, why));
            return;
        }
        try {
            removing.run();
            items.add(new Item(kind, subject, Action.REMOVED, bytes, why));
        } catch (SnapshotException e) {
            items.add(new Item(kind, subject, Action.FAILED, bytes, why + "; " + e.getMessage()));
        }
    }

    /** Runs {@code removing} while this service holds the lease of a snapshot that is still at rest. */
    void underLease(SnapshotId id, Runnable removing) {
        Job job = takeover.now(id)
                .orElseThrow(
                        () -> SnapshotException.conflict("snapshot " + id + " is being worked on; it was left alone"));
        try {
            if (Recovery.isRestless(job.record().record())) {
                throw SnapshotException.conflict("snapshot " + id + " is not at rest; recover first");
            }
            job.inContext(removing);
        } finally {
            jobs.end(job);
        }
    }

    /** A region that cannot be looked at keeps no other one from being swept. */
    private void stored(Region region) {
        try {
            new StoreSweep(region, this).run();
        } catch (SnapshotException e) {
            if (e.kind() == Kind.CANCELLED || installation.regions().size() == 1) {
                throw e;
            }
            items.add(new Item(
                    SweepReport.Kind.ORPHANED_OBJECTS,
                    "region " + region.name(),
                    Action.FAILED,
                    0,
                    "could not be looked at: " + e.getMessage()));
        }
    }

    private void expired() {
        for (Snapshot snapshot : expiries.due()) {
            remove(
                    SweepReport.Kind.EXPIRED_SNAPSHOT,
                    snapshot.id().value(),
                    snapshot.bytesStored(),
                    "expired at " + snapshot.expiresAt().map(Instant::toString).orElse("?"),
                    () -> expiries.remove(snapshot.id()));
        }
    }

    private void lent() {
        Loans loans = new Loans(installation);
        for (Snapshot removed : loans.removed()) {
            Loans.Unneeded unneeded = loans.unneeded(removed);
            if (unneeded.certain()) {
                remove(
                        SweepReport.Kind.ORPHANED_OBJECTS,
                        removed.id().value(),
                        unneeded.bytes(),
                        "left of a removed snapshot for younger ones, which do not need it any more",
                        () -> removeUnneeded(loans, removed));
            }
        }
    }

    /** Removes from a region what a snapshot that was given up has there, but for what others are built on. */
    void removeUnneeded(SnapshotId id, Region region) {
        CatalogRecord record = installation
                .catalog()
                .find(id)
                .orElseThrow(() -> SnapshotException.conflict("its record has just gone; it was left alone"));
        Set<ObjectKey> needed = new Loans(installation).of(record, region);
        new StoredObjects(region.store()).removeAllBut(needed, record, region);
        if (!needed.isEmpty()) {
            throw SnapshotException.conflict("younger snapshots are built on " + needed);
        }
    }

    private void removeUnneeded(Loans loans, Snapshot removed) {
        removal.removeUnneeded(List.of(removed));
        boolean gone = installation
                .catalog()
                .find(removed.id())
                .map(CatalogRecord::snapshot)
                .filter(left -> loans.unneeded(left).certain())
                .isEmpty();
        if (!gone) {
            throw SnapshotException.conflict("it could not be removed now; sweep again later");
        }
    }

    private void held(Hypervisor hypervisor) {
        for (CapturePlan plan : hypervisor.capture().listHeld()) {
            SnapshotId id = plan.snapshot();
            String subject = id + " on instance " + plan.instance();
            switch (standing(id)) {
                case NEEDED -> {
                    // Its job or a recovery sees to it.
                }
                case AVAILABLE, GIVEN_UP ->
                    remove(
                            SweepReport.Kind.HELD_POINT_IN_TIME,
                            subject,
                            0,
                            "its snapshot is settled and owes nothing",
                            () -> underLease(id, () -> release(hypervisor, plan)));
                case UNREADABLE -> keep(SweepReport.Kind.HELD_POINT_IN_TIME, subject, 0, UNREADABLE);
                case UNKNOWN -> heldForUnknown(hypervisor, plan, subject);
            }
        }
    }

    private void heldForUnknown(Hypervisor hypervisor, CapturePlan plan, String subject) {
        if (isYoung(plan.snapshot().createdAt())) {
            keep(
                    SweepReport.Kind.HELD_POINT_IN_TIME,
                    subject,
                    0,
                    "this catalog does not know its snapshot; another one may, and it is younger than "
                            + installation.settings().orphanAge());
            return;
        }
        remove(
                SweepReport.Kind.HELD_POINT_IN_TIME,
                subject,
                0,
                "this catalog does not know its snapshot, which is older than "
                        + installation.settings().orphanAge(),
                () -> release(hypervisor, plan));
    }

    private void release(Hypervisor hypervisor, CapturePlan plan) {
        try {
            hypervisor.capture().release(plan, cancellation);
        } catch (SnapshotException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
        }
    }
}
