package io.stillframe.internal.engine;

import io.stillframe.model.Replica;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.TurnRequest;
import io.stillframe.spi.Work;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a service was assembled from.
 *
 * @param hosts where instances are, by the names that snapshots have them by; none if the service was given no hypervisor
 * @param regions where copies are kept, home first; none if the service was given no store
 * @param catalog records, journal and leases
 * @param settings how much at once and how patient
 * @param clock where requests', completions' and expiries' times come from
 * @param owner who this service is in leases, for people
 */
record Installation(
        Map<String, Hypervisor> hosts,
        List<Region> regions,
        SnapshotCatalog catalog,
        ServiceSettings settings,
        Clock clock,
        String owner) {
    Installation {
        hosts = Map.copyOf(hosts);
        regions = List.copyOf(regions);
    }

    /** The name of the only host, for requests that name none. */
    String onlyHost() {
        if (hosts.isEmpty()) {
            throw SnapshotException.unsupported(
                    "this service was built without a hypervisor; give the builder one to work on instances");
        }
        if (hosts.size() > 1) {
            throw SnapshotException.invalid("this service has several hosts; name one of "
                    + hosts.keySet().stream().sorted().toList());
        }
        return hosts.keySet().iterator().next();
    }

    /** That host's hypervisor; obligations to its instances can be met nowhere else. */
    Hypervisor requireHypervisor(String host) {
        Hypervisor hypervisor = hosts.get(host);
        if (hypervisor != null) {
            return hypervisor;
        }
        String own = hosts.isEmpty()
                ? "was built without a hypervisor"
                : "works on "
                        + String.join(", ", hosts.keySet().stream().sorted().toList());
        throw SnapshotException.unsupported("the instance is on hypervisor " + host + ", this service " + own
                + "; use a service on that hypervisor");
    }

    /** What of a kind of waiting work can be done here. */
    TurnRequest turn(Set<Work> kinds, TurnRequest.Whose whose) {
        Set<String> stores =
                regions.isEmpty() ? Set.of() : Set.of(home().store().uri());
        return new TurnRequest(kinds, hosts.keySet(), stores, whose, settings.limits());
    }

    /** Whether what waits is left to any service. */
    boolean sharesWork() {
        return settings.worker() != ServiceSettings.Worker.OWN;
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
