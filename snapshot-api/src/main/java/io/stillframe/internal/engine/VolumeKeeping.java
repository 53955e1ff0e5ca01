package io.stillframe.internal.engine;

import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.Availability;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Obligation;
import io.stillframe.model.Phase;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.VolumeSnapshot;
import io.stillframe.spi.VolumeSnapshots;
import io.stillframe.spi.Work;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last step of a snapshot that is kept on volumes: its held point in time becomes a snapshot of the volumes' own, in the place of a
 * transfer and of the release. What it makes is in the record before, so that any process can finish or remove it. May be done again.
 */
final class VolumeKeeping {
    private static final Logger LOG = LoggerFactory.getLogger(VolumeKeeping.class);

    private static final String KEEP = "keep";

    private final Installation installation;
    private final Retries retries;
    private final Job job;
    private final OwnedRecord record;

    VolumeKeeping(Installation installation, Retries retries, Job job) {
        this.installation = installation;
        this.retries = retries;
        this.job = job;
        this.record = job.record();
    }

    /** Whether a point in time is held that is to be kept. */
    static boolean isOwed(CatalogRecord record) {
        return record.snapshot().status() == SnapshotStatus.QUEUED
                && record.snapshot().volumes().isPresent()
                && !record.snapshot().isKeptOnVolumes();
    }

    /** When it returns, the snapshot is {@code AVAILABLE}, or waits for the copies that it was asked for with. */
    void run() {
        job.cancellation().check();
        VolumeSnapshots volumes =
                VolumeAccess.require(installation, record.snapshot().instance().hypervisor());
        CapturePlan plan = Attributes.requirePlan(record.record());
        VolumeSnapshot planned = volumes.planKeep(plan);
        if (Attributes.kept(record.record()).isEmpty()) {
            record.change(r -> Attributes.withKept(r, planned));
        }
        record.assureLease();
        record.intent(KEEP, volumes.name() + " of " + plan.disks().size() + " disks");
        try (PhaseSpan span = PhaseEvents.begin(PhaseEvents.Kind.KEEP, record.snapshot())) {
            VolumeSnapshot kept = retries.repeat("keeping the point in time", job.cancellation(), () -> {
                record.assureLease();
                return volumes.keep(plan);
            });
            kept(volumes, kept);
            span.done(volumes.name());
        }
        record.receipt(KEEP, record.snapshot().status().name());
        LOG.info("kept on {} volumes, {}", volumes.name(), record.snapshot().status());
    }

    private void kept(VolumeSnapshots volumes, VolumeSnapshot kept) {
        Instant completion = retries.call(
                "asking for the time", job.cancellation(), () -> CompletionTime.of(record.snapshot(), installation));
        record.change(r -> {
            Snapshot snapshot = told(r.snapshot(), volumes, kept, completion);
            CatalogRecord changed = Attributes.withKept(r, kept).with(snapshot);
            return snapshot.status() == SnapshotStatus.AVAILABLE ? changed : changed.withWork(Work.DUTIES);
        });
    }

    /** A release finds nothing of it any more. */
    private static Snapshot told(Snapshot snapshot, VolumeSnapshots volumes, VolumeSnapshot kept, Instant completion) {
        List<DiskSnapshot> disks = snapshot.disks().stream()
                .map(disk -> disk.withVolume(Optional.of(volumes.location(kept, disk.device()))))
                .toList();
        Snapshot.Builder told = snapshot.toBuilder()
                .disks(disks)
                .volumes(snapshot.volumes().map(copy -> copy.kept(completion)))
                .discharged(Obligation.RELEASE);
        return isEnough(snapshot)
                ? told.status(SnapshotStatus.AVAILABLE)
                        .phase(Phase.DONE)
                        .completedAt(completion)
                        .build()
                : told.phase(Phase.REPLICATING).build();
    }

    private static boolean isEnough(Snapshot snapshot) {
        return snapshot.replicas().isEmpty() || snapshot.placement().availability() == Availability.HOME;
    }
}
