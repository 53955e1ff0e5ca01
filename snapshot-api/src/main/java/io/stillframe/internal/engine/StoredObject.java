package io.stillframe.internal.engine;

import io.stillframe.model.Digest;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.OlderObject;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An object that a copy of a snapshot needs: a disk's own, or an older snapshot's that it points into. That one lies where its owner has
 * it; in a region where its owner has none, under a name of the snapshot's own.
 *
 * @param key where it is stored
 * @param own where else it may lie
 * @param upload what its upload is called in the record
 * @param bytes its length
 * @param stored its checksum, if it is known
 */
record StoredObject(ObjectKey key, Optional<ObjectKey> own, String upload, long bytes, Optional<Digest> stored) {
    /** A disk's own. */
    static StoredObject of(DiskSnapshot disk) {
        ObjectKey key = ObjectKey.of(disk.object()
                .orElseThrow(() -> SnapshotException.corrupt("disk " + disk.device() + " names no stored object")));
        return new StoredObject(key, Optional.empty(), disk.device(), disk.bytesStored(), disk.stored());
    }

    /** One that a disk's own points into, where its owner has it. */
    static StoredObject of(OlderObject older) {
        return new StoredObject(
                ObjectKey.of(older.object()), Optional.empty(), older.object(), older.bytes(), older.stored());
    }

    /** Those that a disk's own points into. */
    static List<StoredObject> older(SnapshotId id, DiskSnapshot disk) {
        List<StoredObject> objects = new ArrayList<>();
        for (OlderObject older : disk.older()) {
            int number = objects.size() + 1;
            objects.add(new StoredObject(
                    ObjectKey.of(older.object()),
                    Optional.of(StoredLayout.older(id, disk.device(), number, disk.codec())),
                    disk.device() + "/older-" + number,
                    older.bytes(),
                    older.stored()));
        }
        return objects;
    }

    /** All that a copy of a stored snapshot needs, what is pointed into before what points. */
    static List<StoredObject> all(Snapshot snapshot) {
        return snapshot.disks().stream()
                .flatMap(disk -> Stream.concat(older(snapshot.id(), disk).stream(), Stream.of(of(disk))))
                .toList();
    }

    /** Where it lies in a store; empty if it does not, or not with its length. */
    Optional<ObjectKey> in(ObjectStore store) {
        return ownIn(store).or(() -> in(store, Optional.of(key)));
    }

    /** The same, of the snapshot's own copy of an older one. */
    Optional<ObjectKey> ownIn(ObjectStore store) {
        return in(store, own);
    }

    private Optional<ObjectKey> in(ObjectStore store, Optional<ObjectKey> place) {
        return place.filter(at -> store.stat(at)
                .map(ObjectStat::size)
                .filter(size -> size == bytes)
                .isPresent());
    }

    /** As {@link #in}. */
    ObjectKey require(ObjectStore store) {
        return in(store)
                .orElseThrow(() -> SnapshotException.notFound(
                        "object " + key + " of " + bytes + " bytes, which the disk is built on, is missing"));
    }

    /** The same, but where its owner has it. */
    StoredObject ofItsOwner() {
        return new StoredObject(key, Optional.empty(), upload, bytes, stored);
    }

    /** Where a copy of it goes in a region that has none. */
    ObjectKey target() {
        return own.orElse(key);
    }
}
