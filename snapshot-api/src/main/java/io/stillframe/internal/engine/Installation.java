package io.stillframe.internal.engine;

import io.stillframe.model.Replica;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.SnapshotCatalog;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a service was assembled from.
 *
 * @param hypervisor where instances are, if the service was given one
 * @param regions where copies are kept, home first; none if the service was given no store
 * @param catalog records, journal and leases
 * @param settings how much at once and how patient
 * @param clock where requests', completions' and expiries' times come from
 * @param owner who this service is in leases, for people
 */
record Installation(
        Optional<Hypervisor> hypervisor,
        List<Region> regions,
        SnapshotCatalog catalog,
        ServiceSettings settings,
        Clock clock,
        String owner) {
    Installation {
        regions = List.copyOf(regions);
    }

    Hypervisor requireHypervisor() {
        return hypervisor.orElseThrow(() -> SnapshotException.unsupported(
                "this service was built without a hypervisor; give the builder one to work on instances"));
    }

    /** The hypervisor, if it is the one at {@code uri}; obligations to its instances can be met nowhere else. */
    Hypervisor requireHypervisor(String uri) {
        Hypervisor own = requireHypervisor();
        if (!own.uri().equals(uri)) {
            throw SnapshotException.unsupported("the instance is on hypervisor " + uri + ", this service works on "
                    + own.uri() + "; use a service on that hypervisor");
        }
        return own;
    }

    /** How long a caller waits for work on a snapshot to end that was told to. */
    Duration patience() {
        return settings.stopGrace().plus(settings.leaseTtl().multipliedBy(2)).plusSeconds(30);
    }

    /** The store that holds, or is to hold, a snapshot's home copy; nothing of it is to be found in another one. */
    ObjectStore storeOf(Snapshot snapshot) {
        ObjectStore own = home().store();
        Optional<String> wanted = snapshot.replicas().stream().findFirst().map(Replica::store);
        if (wanted.isPresent() && !own.uri().equals(wanted.get())) {
            throw SnapshotException.unsupported("snapshot " + snapshot.id() + " is stored in " + wanted.get()
                    + ", this service works on " + own.uri() + "; use a service on that store");
        }
        return own;
    }

    Region home() {
        if (regions.isEmpty()) {
            throw SnapshotException.unsupported(
                    "this service was built without a store; give the builder one to work on stored snapshots");
        }
        return regions.get(0);
    }
}
