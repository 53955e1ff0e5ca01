package io.stillframe.internal.engine;

import io.stillframe.model.ServiceSettings.Dependents;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.VolumeCopy;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.VolumeSnapshots.Dependent;
import io.stillframe.spi.VolumeSnapshots.DependentsPolicy;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes what is kept of a snapshot on volumes; volumes that were cloned from it are dealt with as the service's settings say. */
final class VolumeRemoval {
    private static final Logger LOG = LoggerFactory.getLogger(VolumeRemoval.class);

    private static final String REMOVE = "remove-kept";

    private final Installation installation;
    private final Retries retries;

    VolumeRemoval(Installation installation, Retries retries) {
        this.installation = installation;
        this.retries = retries;
    }

    /**
     * Nothing if nothing is kept.
     *
     * @throws SnapshotException CONFLICT if volumes still need it, naming them; the snapshot says so
     */
    void run(OwnedRecord record, Cancellation cancellation) {
        Optional<VolumeAccess> access = VolumeAccess.of(installation, record.record());
        if (access.isEmpty()) {
            return;
        }
        try {
            retries.repeat("removing what is kept on volumes", cancellation, () -> {
                record.assureLease();
                access.get().volumes().remove(access.get().kept(), policy(installation), cancellation);
            });
        } catch (SnapshotException e) {
            tell(record, e);
            throw e;
        }
        record.change(r -> Attributes.withoutKept(r).with(withoutVolumes(r.snapshot())));
        record.receipt(REMOVE, access.get().volumes().name());
        LOG.info("removed from {} volumes", access.get().volumes().name());
    }

    /** CONFLICT if its removal is going to be refused, before anything has been done about it. */
    void requireUnneeded(OwnedRecord record) {
        if (installation.settings().dependents() == Dependents.FLATTEN) {
            return;
        }
        VolumeAccess.of(installation, record.record()).ifPresent(access -> {
            List<Dependent> dependents = access.volumes().dependents(access.kept());
            if (!dependents.isEmpty()) {
                throw SnapshotException.conflict("volumes were cloned from snapshot " + record.id()
                        + " and still need it: "
                        + String.join(
                                ", ", dependents.stream().map(Dependent::volume).toList())
                        + "; remove their instances first, or use a service that flattens them");
            }
        });
    }

    /** What the settings say, as the storage is told. */
    static DependentsPolicy policy(Installation installation) {
        return switch (installation.settings().dependents()) {
            case REFUSE -> DependentsPolicy.REFUSE;
            case FLATTEN -> DependentsPolicy.FLATTEN;
        };
    }

    private static void tell(OwnedRecord record, SnapshotException e) {
        Optional<VolumeCopy> told = record.snapshot()
                .volumes()
                .filter(copy -> record.snapshot().status() == SnapshotStatus.DELETING)
                .map(copy -> copy.deletionFailed(String.valueOf(e.getMessage())))
                .filter(copy -> !Optional.of(copy).equals(record.snapshot().volumes()));
        if (told.isPresent() && !record.isFenced()) {
            record.update(s -> s.toBuilder().volumes(told).build());
        }
    }

    private static Snapshot withoutVolumes(Snapshot snapshot) {
        return snapshot.toBuilder()
                .disks(snapshot.disks().stream()
                        .map(disk -> disk.withVolume(Optional.empty()))
                        .toList())
                .build();
    }
}
