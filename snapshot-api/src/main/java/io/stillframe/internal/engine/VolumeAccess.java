package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.VolumeSnapshot;
import io.stillframe.spi.VolumeSnapshots;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A way to what is kept of a snapshot on volumes.
 *
 * @param volumes of a host that reaches the storage: the instance's own, if this service works on that
 * @param kept the snapshot of the volumes
 */
record VolumeAccess(VolumeSnapshots volumes, VolumeSnapshot kept) {
    /** Empty if nothing is kept on volumes; UNSUPPORTED if this service does not reach them. */
    static Optional<VolumeAccess> of(Installation installation, CatalogRecord record) {
        return Attributes.kept(record)
                .map(kept -> find(installation, record, kept).orElseThrow(() -> unreached(installation, record)));
    }

    /** Empty if nothing is kept on volumes that this service reaches. */
    static Optional<VolumeAccess> reached(Installation installation, CatalogRecord record) {
        return Attributes.kept(record).flatMap(kept -> find(installation, record, kept));
    }

    private static Optional<VolumeAccess> find(Installation installation, CatalogRecord record, VolumeSnapshot kept) {
        return own(installation, record)
                .or(() -> other(installation, record, kept))
                .map(volumes -> new VolumeAccess(volumes, kept));
    }

    /** The storage of the instance's own host. */
    static VolumeSnapshots require(Installation installation, String host) {
        return installation
                .requireHypervisor(host)
                .volumes()
                .orElseThrow(() -> SnapshotException.unsupported("hypervisor " + host
                        + " has no block storage that keeps snapshots; keep the snapshot in stores"));
    }

    /** Whether instances of a host can be clones of it. */
    boolean isReachedBy(Hypervisor hypervisor) {
        return hypervisor
                .volumes()
                .filter(own -> own.equals(volumes) || (own.name().equals(volumes.name()) && own.reaches(kept)))
                .isPresent();
    }

    private static Optional<VolumeSnapshots> own(Installation installation, CatalogRecord record) {
        return Optional.ofNullable(
                        installation.hosts().get(record.snapshot().instance().hypervisor()))
                .flatMap(Hypervisor::volumes);
    }

    private static Optional<VolumeSnapshots> other(
            Installation installation, CatalogRecord record, VolumeSnapshot kept) {
        Predicate<VolumeSnapshots> sameStorage = volumes -> record.snapshot()
                .volumes()
                .filter(copy -> copy.storage().equals(volumes.name()))
                .isPresent();
        return installation.hosts().values().stream()
                .flatMap(host -> host.volumes().stream())
                .filter(sameStorage)
                .filter(volumes -> volumes.reaches(kept))
                .findFirst();
    }

    private static SnapshotException unreached(Installation installation, CatalogRecord record) {
        return SnapshotException.unsupported("snapshot " + record.snapshot().id() + " is kept on volumes of host "
                + record.snapshot().instance().hypervisor() + ", which this service, on "
                + installation.hosts().keySet().stream().sorted().toList()
                + ", does not reach; use a service that does");
    }
}
