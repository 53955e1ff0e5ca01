package io.stillframe.internal.engine;

import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Phase;
import io.stillframe.model.RebuildReport;
import io.stillframe.model.RebuildReport.Item;
import io.stillframe.model.RebuildReport.Outcome;
import io.stillframe.model.Replica;
import io.stillframe.model.Retention;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Work;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Restores a catalog's records of available snapshots from what their stores say of themselves: each with the copies that were found. A
 * region that cannot be looked at keeps no snapshot of the others from being restored; its copies are found by the next rebuild.
 */
final class CatalogRebuild {
    private final Installation installation;
    private final Retries retries;
    private final RecordAccess access;
    private final Cancellation cancellation;
    private final List<Item> items = new ArrayList<>();
    private final List<String> unreached = new ArrayList<>();

    CatalogRebuild(Installation installation, Retries retries, RecordAccess access, Cancellation cancellation) {
        this.installation = installation;
        this.retries = retries;
        this.access = access;
        this.cancellation = cancellation;
    }

    /** A manifest that lies in a region. */
    private record Found(Region region, ObjectStat manifest) {}

    /**
     * A copy that is whole.
     *
     * @param changed the retention file beside it, and when that was written
     */
    private record Whole(Found found, Manifest manifest, Optional<RetentionFile> changed, Instant changedAt) {}

    RebuildReport run() {
        installation.home();
        // The youngest first: none is in the catalog, where it may expire, before those that are built on it.
        Map<SnapshotId, List<Found>> manifests = new TreeMap<>(Comparator.reverseOrder());
        Map<SnapshotId, List<Found>> removed = new TreeMap<>(Comparator.reverseOrder());
        installation.regions().forEach(region -> look(region, manifests, removed));
        manifests.forEach((id, found) -> {
            cancellation.check();
            items.add(restored(id, found, all -> record(id, all)));
        });
        removed.keySet().removeAll(manifests.keySet());
        boolean allKnown = unreached.isEmpty() && items.stream().noneMatch(item -> item.outcome() == Outcome.FAILED);
        removed.forEach((id, found) -> {
            cancellation.check();
            items.add(allKnown ? restored(id, found, all -> removedRecord(id, all)) : leftAlone(id));
        });
        return new RebuildReport(items, unreached);
    }

    private void look(Region region, Map<SnapshotId, List<Found>> manifests, Map<SnapshotId, List<Found>> removed) {
        try {
            new StoredObjects(region.store()).forEachObject(StoredLayout.ROOT, object -> {
                cancellation.check();
                if (StoredLayout.isManifest(object.key())) {
                    add(manifests, region, object);
                } else if (StoredLayout.isRemoved(object.key())) {
                    add(removed, region, object);
                }
            });
        } catch (SnapshotException e) {
            if (e.kind() == Kind.CANCELLED || installation.regions().size() == 1) {
                throw e;
            }
            forget(manifests, region);
            forget(removed, region);
            unreached.add(region.name() + ": " + e.getMessage());
        }
    }

    /** As long as somebody may need it who is not known: once it has a record, it goes with the last that is known to need it. */
    private static Item leftAlone(SnapshotId id) {
        return new Item(
                id,
                Outcome.FAILED,
                "was removed; what younger ones need of it is left alone until all manifests in all regions can be read");
    }

    private static void add(Map<SnapshotId, List<Found>> all, Region region, ObjectStat object) {
        StoredLayout.snapshotOf(object.key())
                .ifPresent(id -> all.computeIfAbsent(id, i -> new ArrayList<>()).add(new Found(region, object)));
    }

    private static void forget(Map<SnapshotId, List<Found>> all, Region region) {
        all.values().forEach(found -> found.removeIf(one -> one.region().equals(region)));
        all.values().removeIf(List::isEmpty);
    }

    private Item restored(SnapshotId id, List<Found> found, Function<List<Found>, CatalogRecord> record) {
        try {
            Optional<CatalogRecord> known = installation.catalog().find(id);
            if (known.isPresent()) {
                return completed(known.get().snapshot(), found);
            }
            return create(record.apply(found));
        } catch (SnapshotException e) {
            if (e.kind() == Kind.CANCELLED) {
                throw e;
            }
            return new Item(id, Outcome.FAILED, String.valueOf(e.getMessage()));
        }
    }

    /** A known snapshot of which a copy was out of reach when its record was restored. */
    private Item completed(Snapshot known, List<Found> found) {
        SnapshotId id = known.id();
        List<Found> untold = found.stream()
                .filter(one -> Replicas.in(one.region(), known).isEmpty())
                .toList();
        if (untold.isEmpty() || known.replicas().isEmpty() || known.status() != SnapshotStatus.AVAILABLE) {
            return new Item(id, Outcome.KNOWN, "the catalog has it");
        }
        untold.forEach(one -> whole(id, one));
        access.run(
                id,
                "a copy of it was found",
                job -> job.record().update(s -> {
                    Snapshot.Builder told = s.toBuilder();
                    untold.forEach(one -> told.replica(
                            replica(one.region()).complete(one.manifest().lastModified(), s.bytesStored())));
                    return told.build();
                }));
        return new Item(
                id,
                Outcome.RESTORED,
                "its copies in "
                        + untold.stream().map(one -> one.region().name()).toList());
    }

    private Item create(CatalogRecord record) {
        SnapshotId id = record.snapshot().id();
        installation
                .catalog()
                .release(installation
                        .catalog()
                        .create(
                                record,
                                installation.owner(),
                                installation.settings().leaseTtl()));
        return new Item(
                id,
                Outcome.RESTORED,
                record.snapshot().status() == SnapshotStatus.REMOVED
                        ? "was removed; younger ones may be built on it"
                        : record.snapshot()
                                .expiresAt()
                                .map(at -> "expires at " + at)
                                .orElse("does not expire"));
    }

    /** Of a snapshot that was removed and that others may be built on. */
    private CatalogRecord removedRecord(SnapshotId id, List<Found> found) {
        Manifest manifest = retries.call(
                "reading " + found.get(0).manifest().key(), cancellation, () -> manifest(id, found.get(0)));
        List<Replica> replicas =
                found.stream().map(one -> replica(one.region()).deleting()).toList();
        Snapshot removed = manifest.snapshot().toBuilder()
                .status(SnapshotStatus.REMOVED)
                .phase(Phase.DONE)
                .replicas(replicas)
                .disks(manifest.snapshot().disks().stream()
                        .map(disk -> disk.withOlder(List.of()))
                        .toList())
                .build();
        return Attributes.ofRemoved(CatalogRecord.first(removed, Optional.empty(), Map.of()), removed);
    }

    private CatalogRecord record(SnapshotId id, List<Found> found) {
        List<Whole> whole = new ArrayList<>();
        List<Replica> broken = new ArrayList<>();
        SnapshotException failure = null;
        for (Found one : found) {
            try {
                whole.add(retries.call("reading " + one.manifest().key(), cancellation, () -> whole(id, one)));
            } catch (SnapshotException e) {
                cancellation.check();
                failure = e;
                broken.add(replica(one.region()).behind(String.valueOf(e.getMessage())));
            }
        }
        if (failure != null && whole.isEmpty()) {
            throw failure;
        }
        return record(whole, broken);
    }

    private CatalogRecord record(List<Whole> whole, List<Replica> broken) {
        Manifest manifest = whole.get(0).manifest();
        Optional<RetentionFile> changed = whole.stream()
                .filter(copy -> copy.changed().isPresent())
                .max(Comparator.comparing(Whole::changedAt))
                .flatMap(Whole::changed);
        // Without it the latest: what is kept too long is not lost.
        Instant completion = changed.map(RetentionFile::completedAt)
                .orElseGet(() -> whole.stream()
                        .map(copy -> copy.found().manifest().lastModified())
                        .max(Comparator.naturalOrder())
                        .orElseThrow());
        Retention retention =
                changed.map(RetentionFile::retention).orElse(manifest.snapshot().retention());
        List<Replica> replicas = new ArrayList<>(whole.stream()
                .map(copy -> replica(copy.found().region())
                        .complete(completion, manifest.snapshot().bytesStored()))
                .toList());
        replicas.addAll(broken);
        replicas.addAll(missing(manifest.snapshot(), replicas));
        List<String> order =
                manifest.snapshot().replicas().stream().map(Replica::store).toList();
        replicas.sort(Comparator.comparing(
                copy -> order.contains(copy.store()) ? order.indexOf(copy.store()) : order.size()));
        Snapshot available = manifest.snapshot().toBuilder()
                .status(SnapshotStatus.AVAILABLE)
                .phase(Phase.DONE)
                .completedAt(completion)
                .retention(retention)
                .replicas(replicas)
                .build();
        CatalogRecord first =
                CatalogRecord.first(available, Optional.empty(), Attributes.ofStored(manifest.definition()));
        return Replicas.areOwed(available) ? first.withWork(Work.DUTIES) : first;
    }

    /**
     * Copies that the manifest names and that were not found: behind at the time, or in a region that could not be looked at. They are owed
     * again, where this service has the region.
     */
    private List<Replica> missing(Snapshot named, List<Replica> known) {
        return named.replicas().stream()
                .flatMap(copy -> installation.regionOf(copy).stream())
                .filter(region -> known.stream().noneMatch(region::holds))
                .map(region -> replica(region).behind("nothing of it was found when the catalog was rebuilt"))
                .toList();
    }

    private static Replica replica(Region region) {
        return Replica.pending(region.name(), region.store().uri());
    }

    private static Whole whole(SnapshotId id, Found found) {
        ObjectStore store = found.region().store();
        Manifest manifest = manifest(id, found);
        manifest.snapshot().disks().forEach(disk -> requireStored(disk, store));
        manifest.snapshot().disks().stream()
                .flatMap(disk -> StoredObject.older(id, disk).stream())
                .forEach(older -> older.require(store));
        Optional<ObjectStat> file = store.stat(StoredLayout.retention(id));
        Optional<RetentionFile> changed = file.map(beside -> RetentionFile.parse(
                        StoredBytes.read(store, beside, RetentionFile.LARGEST),
                        beside.key().value()))
                .filter(beside -> beside.snapshot().equals(id));
        return new Whole(
                found, manifest, changed, file.map(ObjectStat::lastModified).orElse(Instant.MIN));
    }

    private static Manifest manifest(SnapshotId id, Found found) {
        ObjectStat stat = found.manifest();
        Manifest manifest = Manifest.parse(
                StoredBytes.read(found.region().store(), stat, Manifest.LARGEST),
                stat.key().value());
        if (!manifest.snapshot().id().equals(id)) {
            throw SnapshotException.corrupt(
                    stat.key() + " is the manifest of " + manifest.snapshot().id());
        }
        return manifest;
    }

    private static void requireStored(DiskSnapshot disk, ObjectStore store) {
        String key = disk.object()
                .orElseThrow(() -> SnapshotException.corrupt("disk " + disk.device() + " names no stored object"));
        long size = store.stat(ObjectKey.of(key)).map(ObjectStat::size).orElse(-1L);
        if (size != disk.bytesStored()) {
            throw SnapshotException.corrupt("disk " + disk.device() + ": its object " + key
                    + (size < 0 ? " is missing" : " has " + size + " bytes, the manifest says " + disk.bytesStored()));
        }
    }
}
