package io.stillframe.internal.engine;

import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Finds and removes what one store holds of snapshots. */
final class StoredObjects {
    private static final int PAGE = 1000;

    private final ObjectStore store;

    StoredObjects(ObjectStore store) {
        this.store = store;
    }

    /** Whether a disk is stored as its record says. */
    boolean has(DiskSnapshot disk) {
        return disk.object()
                .flatMap(key -> store.stat(ObjectKey.of(key)))
                .filter(stat -> stat.size() == disk.bytesStored())
                .isPresent();
    }

    /** Removes everything of a snapshot: first the manifest, so that no half of it looks whole; then the rest; then what is unfinished. */
    void removeAll(CatalogRecord record, Region region) {
        removeAllBut(Set.of(), record, region);
    }

    /** The same, but for objects that others need; the manifest stays beside them under another name, which says whose they are. */
    void removeAllBut(Set<ObjectKey> needed, CatalogRecord record, Region region) {
        SnapshotId id = record.snapshot().id();
        if (!needed.isEmpty()) {
            keepManifest(id);
        }
        store.delete(List.of(StoredLayout.manifest(id)));
        Attributes.uploads(record, region).forEach(this::abort);
        abortUploads(id);
        if (needed.isEmpty()) {
            removeObjects(id);
            return;
        }
        List<ObjectKey> unneeded = new ArrayList<>();
        forEachObject(StoredLayout.prefix(id), object -> {
            if (!needed.contains(object.key()) && !StoredLayout.isRemoved(object.key())) {
                unneeded.add(object.key());
            }
        });
        store.delete(unneeded);
    }

    private void keepManifest(SnapshotId id) {
        store.stat(StoredLayout.manifest(id)).ifPresent(manifest -> {
            ByteBuffer bytes = ByteBuffer.wrap(StoredBytes.read(store, manifest, Manifest.LARGEST));
            store.put(
                    StoredLayout.removed(id),
                    bytes,
                    PublishMode.REPLACE,
                    new UploadOptions("application/json", Optional.empty()));
        });
    }

    /** Removes all objects of a snapshot, the manifest first. */
    void removeObjects(SnapshotId id) {
        store.delete(List.of(StoredLayout.manifest(id)));
        String prefix = StoredLayout.prefix(id);
        // Always the first page: what it held is gone when it is asked for again.
        for (List<ObjectKey> keys = firstKeys(prefix); !keys.isEmpty(); keys = firstKeys(prefix)) {
            store.delete(keys);
        }
    }

    /** Aborts all unfinished uploads of a snapshot that the store can list. */
    void abortUploads(SnapshotId id) {
        forEachUpload(StoredLayout.prefix(id), upload -> abort(upload.token()));
    }

    void forEachObject(String prefix, Consumer<ObjectStat> action) {
        Optional<String> after = Optional.empty();
        do {
            Page<ObjectStat> page = store.list(prefix, after, PAGE);
            page.items().forEach(action);
            after = page.next();
        } while (after.isPresent());
    }

    void forEachUpload(String prefix, Consumer<UnfinishedUpload> action) {
        if (!store.capabilities().has(StoreCapability.LIST_UPLOADS)) {
            return;
        }
        Optional<String> after = Optional.empty();
        do {
            Page<UnfinishedUpload> page = store.listUploads(prefix, after, PAGE);
            page.items().forEach(action);
            after = page.next();
        } while (after.isPresent());
    }

    /** Aborts one upload; one that was completed or aborted already is none. */
    void abort(UploadToken token) {
        if (!store.capabilities().has(StoreCapability.RESUME)) {
            return;
        }
        try (UploadSession session = store.resumeUpload(token)) {
            session.token();
        } catch (SnapshotException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    private List<ObjectKey> firstKeys(String prefix) {
        Optional<String> after = Optional.empty();
        do {
            Page<ObjectStat> page = store.list(prefix, after, PAGE);
            if (!page.items().isEmpty()) {
                return page.items().stream().map(ObjectStat::key).toList();
            }
            after = page.next();
        } while (after.isPresent());
        return List.of();
    }
}
