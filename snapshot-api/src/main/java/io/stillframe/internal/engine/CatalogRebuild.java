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
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Restores a catalog's records of available snapshots from what their store says of itself. */
final class CatalogRebuild {
    private final Installation installation;
    private final Retries retries;
    private final Cancellation cancellation;
    private final Region home;
    private final ObjectStore store;
    private final List<Item> items = new ArrayList<>();

    CatalogRebuild(Installation installation, Retries retries, Cancellation cancellation) {
        this.installation = installation;
        this.retries = retries;
        this.cancellation = cancellation;
        this.home = installation.home();
        this.store = home.store();
    }

    RebuildReport run() {
        List<ObjectStat> manifests = new ArrayList<>();
        new StoredObjects(store).forEachObject(StoredLayout.ROOT, object -> {
            cancellation.check();
            if (StoredLayout.isManifest(object.key())) {
                manifests.add(object);
            }
        });
        for (ObjectStat manifest : manifests) {
            cancellation.check();
            StoredLayout.snapshotOf(manifest.key()).ifPresent(id -> items.add(restored(id, manifest)));
        }
        return new RebuildReport(items);
    }

    private Item restored(SnapshotId id, ObjectStat manifest) {
        try {
            if (installation.catalog().find(id).isPresent()) {
                return new Item(id, Outcome.KNOWN, "the catalog has it");
            }
            CatalogRecord record = retries.call("reading " + manifest.key(), cancellation, () -> record(id, manifest));
            return create(record);
        } catch (SnapshotException e) {
            if (e.kind() == Kind.CANCELLED) {
                throw e;
            }
            return new Item(id, Outcome.FAILED, String.valueOf(e.getMessage()));
        }
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
                record.snapshot().expiresAt().map(at -> "expires at " + at).orElse("does not expire"));
    }

    private CatalogRecord record(SnapshotId id, ObjectStat stat) {
        Manifest manifest =
                Manifest.parse(bytes(stat, Manifest.LARGEST), stat.key().value());
        Snapshot stored = manifest.snapshot();
        if (!stored.id().equals(id)) {
            throw SnapshotException.corrupt(stat.key() + " is the manifest of " + stored.id());
        }
        stored.disks().forEach(this::requireStored);
        Optional<RetentionFile> changed = store.stat(StoredLayout.retention(id))
                .map(file -> RetentionFile.parse(
                        bytes(file, RetentionFile.LARGEST), file.key().value()))
                .filter(file -> file.snapshot().equals(id));
        Instant completion = changed.map(RetentionFile::completedAt).orElse(stat.lastModified());
        Retention retention = changed.map(RetentionFile::retention).orElse(stored.retention());
        Snapshot available = stored.toBuilder()
                .status(SnapshotStatus.AVAILABLE)
                .phase(Phase.DONE)
                .completedAt(completion)
                .retention(retention)
                .replicas(List.of(new Replica(
                        home.name(), store.uri(), Replica.State.COMPLETE, Optional.of(completion), Optional.empty())))
                .build();
        return CatalogRecord.first(available, Optional.empty(), Attributes.ofStored(manifest.definition()));
    }

    private void requireStored(DiskSnapshot disk) {
        String key = disk.object()
                .orElseThrow(() -> SnapshotException.corrupt("disk " + disk.device() + " names no stored object"));
        long size = store.stat(ObjectKey.of(key)).map(ObjectStat::size).orElse(-1L);
        if (size != disk.bytesStored()) {
            throw SnapshotException.corrupt("disk " + disk.device() + ": its object " + key
                    + (size < 0 ? " is missing" : " has " + size + " bytes, the manifest says " + disk.bytesStored()));
        }
    }

    private byte[] bytes(ObjectStat stat, int largest) {
        if (stat.size() > largest) {
            throw SnapshotException.corrupt(
                    stat.key() + ": " + stat.size() + " bytes; at most " + largest + " are allowed");
        }
        ByteBuffer buffer = ByteBuffer.allocate((int) stat.size());
        try (ByteSource source = store.open(stat.key())) {
            if (source.size() != stat.size()) {
                throw SnapshotException.transientFault(stat.key() + " changed while it was being read", null);
            }
            source.read(0, buffer);
        }
        return buffer.array();
    }
}
