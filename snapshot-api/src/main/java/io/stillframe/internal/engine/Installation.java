package io.stillframe.internal.engine;

import io.stillframe.model.Keep;
import io.stillframe.model.Placement;
import io.stillframe.model.Replica;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.Page;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.TurnRequest;
import io.stillframe.spi.Work;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

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
    private static final int PAGE = 200;

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

    /** What a request asks for about its place, as far as it does; else what the settings say. */
    Placement placement(SnapshotRequest request) {
        Placement usual = settings.placement();
        Placement asked = request.placement().orElse(usual);
        boolean named = !asked.regions().isEmpty();
        Placement placed = named || asked.keep() == Keep.VOLUMES ? asked : asked.withRegions(usual.regions());
        return placed.keep() == Keep.AUTOMATIC && !named ? placed.withKeep(usual.keep()) : placed;
    }

    /** What of a kind of waiting work can be done here. */
    TurnRequest turn(Set<Work> kinds, TurnRequest.Whose whose) {
        Set<String> stores =
                regions.stream().map(region -> region.store().uri()).collect(Collectors.toSet());
        return new TurnRequest(kinds, hosts.keySet(), stores, whose, settings.limits());
    }

    /** All snapshots of the catalog that a query finds, in its order. */
    List<Snapshot> all(SnapshotQuery query) {
        List<Snapshot> found = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            Page<CatalogRecord> page = catalog.list(query, after, PAGE);
            page.items().forEach(record -> found.add(record.snapshot()));
            after = page.next();
        } while (after.isPresent());
        return found;
    }

    /** Whether what waits is left to any service. */
    boolean sharesWork() {
        return settings.worker() != ServiceSettings.Worker.OWN;
    }

    /** How long a caller waits for work on a snapshot to end that was told to. */
    Duration patience() {
        return settings.stopGrace().plus(settings.leaseTtl().multipliedBy(2)).plusSeconds(30);
    }

    /** Whether it has where copies come from and where they go: from region to region, or from volumes to a region. */
    boolean mayOweCopies() {
        boolean volumes =
                hosts.values().stream().anyMatch(host -> host.volumes().isPresent());
        return regions.size() > 1 || (volumes && !regions.isEmpty());
    }

    /** Where a copy is, if this service reaches it. */
    Optional<Region> regionOf(Replica replica) {
        return regions.stream().filter(region -> region.holds(replica)).findFirst();
    }

    /** NOT_FOUND if this service has no region of that name. */
    Region region(String name) {
        return regions.stream()
                .filter(region -> region.name().equals(name))
                .findFirst()
                .orElseThrow(() -> SnapshotException.notFound("this service has no region " + name + ", only "
                        + regions.stream().map(Region::name).toList()));
    }

    /** A snapshot's copies; of one that an older release began, before it said so, that in the home region. */
    List<Replica> replicas(Snapshot snapshot) {
        return snapshot.replicas().isEmpty() && snapshot.volumes().isEmpty()
                ? List.of(Replica.pending(home().name(), home().store().uri()))
                : snapshot.replicas();
    }

    /** The regions of a snapshot's copies that this service reaches, home first. */
    List<Region> reached(Snapshot snapshot) {
        return replicas(snapshot).stream()
                .flatMap(replica -> regionOf(replica).stream())
                .toList();
    }

    /** The same; UNSUPPORTED if it reaches none of those that the snapshot has. */
    List<Region> requireReached(Snapshot snapshot) {
        List<Region> reached = reached(snapshot);
        if (reached.isEmpty() && !replicas(snapshot).isEmpty()) {
            home();
            throw unreached(snapshot.id(), replicas(snapshot));
        }
        return reached;
    }

    SnapshotException unreached(SnapshotId id, List<Replica> replicas) {
        return SnapshotException.unsupported("snapshot " + id + " is stored in "
                + String.join(", ", replicas.stream().map(Replica::store).toList()) + ", this service works on "
                + String.join(", ", regions.stream().map(r -> r.store().uri()).toList())
                + "; use a service on that store");
    }

    Region home() {
        if (regions.isEmpty()) {
            throw SnapshotException.unsupported(
                    "this service was built without a store; give the builder one to work on stored snapshots");
        }
        return regions.get(0);
    }
}
