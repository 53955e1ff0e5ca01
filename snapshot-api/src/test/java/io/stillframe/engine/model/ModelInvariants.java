package io.stillframe.engine.model;

import io.stillframe.hypervisor.SimulatedHypervisor;
import io.stillframe.model.Availability;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Obligation;
import io.stillframe.model.OlderObject;
import io.stillframe.model.Phase;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.VolumeSnapshot;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** What holds at every instant, whatever happens, as seen in the catalog, on the host and in the store. */
final class ModelInvariants {
    private static final Map<SnapshotStatus, Set<SnapshotStatus>> LEGAL = Map.of(
            SnapshotStatus.CAPTURING,
            Set.of(SnapshotStatus.QUEUED, SnapshotStatus.FAILED, SnapshotStatus.CANCELLED, SnapshotStatus.DELETING),
            SnapshotStatus.QUEUED,
            Set.of(SnapshotStatus.AVAILABLE, SnapshotStatus.FAILED, SnapshotStatus.CANCELLED, SnapshotStatus.DELETING),
            SnapshotStatus.AVAILABLE,
            Set.of(SnapshotStatus.DELETING),
            SnapshotStatus.FAILED,
            Set.of(SnapshotStatus.DELETING),
            SnapshotStatus.CANCELLED,
            Set.of(SnapshotStatus.DELETING),
            SnapshotStatus.DELETING,
            Set.of(SnapshotStatus.REMOVED),
            SnapshotStatus.REMOVED,
            Set.of());

    private final SnapshotCatalog catalog;
    private final Map<String, ObjectStore> stores;
    private final SimulatedHypervisor host;
    private final Supplier<Instant> trueTime;
    private final Map<SnapshotId, Snapshot> before = new HashMap<>();
    /** Instances that are off for a reason of their own. */
    final Set<String> excused = new HashSet<>();
    /** Snapshots whose removal somebody asked for. */
    final Set<SnapshotId> unwanted = new HashSet<>();

    /** @param stores by the regions' names */
    ModelInvariants(
            SnapshotCatalog catalog,
            Map<String, ObjectStore> stores,
            SimulatedHypervisor host,
            Supplier<Instant> trueTime) {
        this.catalog = catalog;
        this.stores = stores;
        this.host = host;
        this.trueTime = trueTime;
    }

    /** @param zombies whether a node may still write what it was about to write when it lost its lease */
    void check(boolean zombies) {
        List<CatalogRecord> records = catalog.list(Optional.empty(), 1000).items().stream()
                .filter(record -> !record.attributes().containsKey("launch-of"))
                .toList();
        checkClaims(records);
        records.forEach(record -> checkChange(record.snapshot()));
        checkRemoved(records, zombies);
        checkDuties(records);
        checkKept(records);
        checkNeeded(records);
        if (!zombies) {
            checkHeld(records);
        }
    }

    private static void checkClaims(List<CatalogRecord> records) {
        Set<String> claims = new HashSet<>();
        for (CatalogRecord record : records) {
            Snapshot snapshot = record.snapshot();
            boolean atWork = snapshot.status() == SnapshotStatus.CAPTURING
                    || (snapshot.status() == SnapshotStatus.QUEUED && snapshot.phase() != Phase.REPLICATING)
                    || !snapshot.obligations().isEmpty();
            require(record.claim().map(claims::add).orElse(true), "two captures of one instance: %s", record.claim());
            require(!atWork || record.claim().isPresent(), "%s has no claim although something is owed", snapshot);
        }
    }

    private void checkChange(Snapshot now) {
        Snapshot was = before.put(now.id(), now);
        if (was == null) {
            require(now.status() == SnapshotStatus.CAPTURING, "%s did not begin as CAPTURING", now);
            return;
        }
        require(
                was.status() == now.status() || LEGAL.get(was.status()).contains(now.status()),
                "%s became %s",
                was,
                now.status());
        if (was.status() != now.status() && now.status() == SnapshotStatus.AVAILABLE) {
            requireWhole(now);
            boolean enough = now.isKeptOnVolumes()
                    && (now.replicas().isEmpty() || now.placement().availability() == Availability.HOME);
            require(
                    enough || now.placement().availability().isMetBy(now.replicas()),
                    "%s is available before its policy is met",
                    now);
        }
        if (was.status() == SnapshotStatus.AVAILABLE && now.status() == SnapshotStatus.DELETING) {
            require(
                    unwanted.contains(now.id())
                            || was.expiresAt()
                                    .filter(at -> !trueTime.get().isBefore(at))
                                    .isPresent(),
                    "%s expired early, it is only %s",
                    was,
                    trueTime.get());
        }
        if (now.status() == SnapshotStatus.QUEUED || now.status() == SnapshotStatus.AVAILABLE) {
            require(!now.obligations().contains(Obligation.POWER_ON), "%s owes power", now);
        }
    }

    /** Every copy that is said to be complete. */
    void requireWhole(Snapshot snapshot) {
        boolean kept = snapshot.isKeptOnVolumes() && isKept(snapshot.id());
        require(kept == snapshot.isKeptOnVolumes(), "%s is not on its volumes", snapshot);
        require(kept || snapshot.replicas().stream().anyMatch(Replica::isComplete), "%s is nowhere", snapshot);
        snapshot.replicas().stream()
                .filter(Replica::isComplete)
                .forEach(copy -> requireWhole(snapshot, stores.get(copy.region())));
    }

    private boolean isKept(SnapshotId id) {
        return host.volumes().orElseThrow().listKept().stream()
                .anyMatch(kept -> kept.snapshot().equals(id));
    }

    /** What is kept on volumes is written down before it is, and until it is no more. */
    private void checkKept(List<CatalogRecord> records) {
        for (VolumeSnapshot kept : host.volumes().orElseThrow().listKept()) {
            require(
                    records.stream()
                            .anyMatch(record -> record.snapshot().id().equals(kept.snapshot())
                                    && record.attributes().containsKey("kept-on-volumes")),
                    "%s is kept and no record names it",
                    kept.snapshot());
        }
    }

    /** What a copy is built on stays as long as it does. */
    private void checkNeeded(List<CatalogRecord> records) {
        for (CatalogRecord record : records) {
            Snapshot snapshot = record.snapshot();
            if (snapshot.status() == SnapshotStatus.AVAILABLE) {
                snapshot.replicas().stream()
                        .filter(copy -> copy.isComplete() && stores.containsKey(copy.region()))
                        .forEach(copy -> requireOlder(snapshot, stores.get(copy.region())));
            }
        }
    }

    private static void requireOlder(Snapshot snapshot, ObjectStore store) {
        for (DiskSnapshot disk : snapshot.disks()) {
            for (int i = 0; i < disk.older().size(); i++) {
                OlderObject older = disk.older().get(i);
                String own = "snapshots/" + snapshot.id() + "/" + disk.device() + ".older-" + (i + 1) + ".pack";
                require(
                        isThere(store, older.object(), older.bytes()) || isThere(store, own, older.bytes()),
                        "%s is built on %s, which is not in %s",
                        snapshot,
                        older,
                        store.uri());
            }
        }
    }

    private static boolean isThere(ObjectStore store, String key, long bytes) {
        return store.stat(ObjectKey.of(key))
                .filter(stat -> stat.size() == bytes)
                .isPresent();
    }

    private static void requireWhole(Snapshot snapshot, ObjectStore store) {
        requireOlder(snapshot, store);
        for (DiskSnapshot disk : snapshot.disks()) {
            Optional<ObjectStat> stat = disk.object().map(ObjectKey::of).flatMap(store::stat);
            require(
                    stat.filter(s -> s.size() == disk.bytesStored()).isPresent(),
                    "%s is available without its disk %s in %s",
                    snapshot,
                    disk,
                    store.uri());
        }
        require(
                store.stat(ObjectKey.of("snapshots/" + snapshot.id() + "/manifest.json"))
                        .isPresent(),
                "%s is available without a manifest in %s",
                snapshot,
                store.uri());
    }

    private void checkRemoved(List<CatalogRecord> records, boolean zombies) {
        if (records.size() == before.size()) {
            return;
        }
        Set<SnapshotId> here = new HashSet<>();
        records.forEach(record -> here.add(record.snapshot().id()));
        Set<SnapshotId> gone = new HashSet<>(before.keySet());
        gone.removeAll(here);
        for (SnapshotId id : gone) {
            Snapshot last = before.remove(id);
            boolean removed = last.status() == SnapshotStatus.DELETING || last.status() == SnapshotStatus.REMOVED;
            require(removed, "%s vanished", last);
            require(last.obligations().isEmpty(), "%s was removed with duties", last);
            for (ObjectStore store : zombies ? List.<ObjectStore>of() : stores.values()) {
                require(
                        store.list("snapshots/" + id + "/", Optional.empty(), 10)
                                .items()
                                .isEmpty(),
                        "objects of %s",
                        id);
                require(
                        store.listUploads("snapshots/" + id + "/", Optional.empty(), 10)
                                .items()
                                .isEmpty(),
                        "uploads of %s",
                        id);
            }
        }
    }

    /** What was done to an instance is written down. */
    private void checkDuties(List<CatalogRecord> records) {
        for (String name : host.instances()) {
            boolean off = host.guest(name).state().isOff();
            if (host.guest(name).state().power() == PowerState.RUNNING) {
                excused.remove(name);
            }
            require(
                    !off || excused.contains(name) || isOwed(records, name, Obligation.POWER_ON),
                    "%s is off and nobody owes it power",
                    name);
            require(
                    !host.guest(name).isFrozen() || isOwed(records, name, Obligation.THAW),
                    "%s is frozen and nobody owes it a thaw",
                    name);
        }
    }

    private static boolean isOwed(List<CatalogRecord> records, String name, Obligation obligation) {
        return records.stream()
                .map(CatalogRecord::snapshot)
                .anyMatch(
                        s -> s.instance().name().equals(name) && s.obligations().contains(obligation));
    }

    private void checkHeld(List<CatalogRecord> records) {
        Set<String> instances = new HashSet<>();
        for (CapturePlan plan : host.capture().listHeld()) {
            require(instances.add(plan.instance().value()), "two points in time of %s", plan.instance());
            require(
                    records.stream()
                            .map(CatalogRecord::snapshot)
                            .anyMatch(s -> s.id().equals(plan.snapshot())
                                    && s.obligations().contains(Obligation.RELEASE)),
                    "%s is held and nobody owes its release",
                    plan.snapshot());
        }
    }

    static void require(boolean holds, String otherwise, Object... details) {
        if (!holds) {
            throw new AssertionError(String.format(otherwise, details));
        }
    }
}
