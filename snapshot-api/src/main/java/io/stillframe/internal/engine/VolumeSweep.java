package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotId;
import io.stillframe.model.SweepReport.Kind;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.VolumeSnapshot;
import io.stillframe.spi.VolumeSnapshots;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Searches the volumes of one host's instances for kept snapshots that no record names; {@link Sweep} says what may be removed. */
final class VolumeSweep {
    private final Installation installation;
    private final VolumeSnapshots volumes;
    private final Sweep sweep;

    VolumeSweep(Installation installation, VolumeSnapshots volumes, Sweep sweep) {
        this.installation = installation;
        this.volumes = volumes;
        this.sweep = sweep;
    }

    void run() {
        for (VolumeSnapshot kept : volumes.listKept()) {
            SnapshotId id = kept.snapshot();
            switch (sweep.standing(id)) {
                case NEEDED -> {
                    // Its job or a recovery sees to it.
                }
                case AVAILABLE, GIVEN_UP -> {
                    if (!isNamed(id)) {
                        sweep.remove(
                                Kind.KEPT_ON_VOLUMES,
                                subject(kept),
                                0,
                                "its snapshot is settled and does not name it",
                                () -> sweep.underLease(id, () -> removeUnnamed(kept)));
                    }
                }
                case UNREADABLE -> sweep.keep(Kind.KEPT_ON_VOLUMES, subject(kept), 0, Sweep.UNREADABLE);
                case UNKNOWN -> unknown(kept);
            }
        }
    }

    private void unknown(VolumeSnapshot kept) {
        Optional<Duration> age = installation.settings().keptOrphanAge();
        Instant now = installation.clock().instant();
        boolean old =
                age.isPresent() && !kept.snapshot().createdAt().plus(age.get()).isAfter(now);
        if (!old) {
            sweep.keep(
                    Kind.KEPT_ON_VOLUMES,
                    subject(kept),
                    0,
                    "this catalog does not know its snapshot: another one's, or lost from this one; "
                            + age.map(limit -> "it is younger than " + limit)
                                    .orElse("the settings name no age from which on it is removed"));
            return;
        }
        sweep.remove(
                Kind.KEPT_ON_VOLUMES,
                subject(kept),
                0,
                "this catalog does not know its snapshot, which is older than " + age.get(),
                () -> remove(kept));
    }

    private void removeUnnamed(VolumeSnapshot kept) {
        if (!isNamed(kept.snapshot())) {
            remove(kept);
        }
    }

    private void remove(VolumeSnapshot kept) {
        volumes.remove(kept, VolumeRemoval.policy(installation), sweep.cancellation());
    }

    private boolean isNamed(SnapshotId id) {
        Optional<CatalogRecord> record = installation.catalog().find(id);
        return record.flatMap(Attributes::kept).isPresent();
    }

    private static String subject(VolumeSnapshot kept) {
        return kept.snapshot() + " on instance " + kept.instance();
    }
}
