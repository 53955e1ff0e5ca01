package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ObjectKey;
import java.util.Optional;

/** Where a snapshot's objects lie in a store: {@code snapshots/<id>/<device>.<extension>} and {@code snapshots/<id>/manifest.json}. */
final class StoredLayout {
    static final String ROOT = "snapshots/";
    private static final String MANIFEST = "manifest.json";
    private static final String RETENTION = "retention.json";
    private static final String REMOVED = "removed.json";

    private StoredLayout() {}

    static String prefix(SnapshotId id) {
        return ROOT + id + "/";
    }

    static ObjectKey manifest(SnapshotId id) {
        return ObjectKey.of(prefix(id) + MANIFEST);
    }

    /** Only there if the retention was changed after the manifest was published. */
    static ObjectKey retention(SnapshotId id) {
        return ObjectKey.of(prefix(id) + RETENTION);
    }

    static ObjectKey disk(SnapshotId id, String device, ImageCodec codec) {
        return ObjectKey.of(prefix(id) + device + "." + codec.extension());
    }

    /** A copy of what an older snapshot has stored, in a region where that one has no copy. */
    static ObjectKey older(SnapshotId id, String device, int number, String codec) {
        return ObjectKey.of(prefix(id) + device + ".older-" + number + "." + codec);
    }

    /** The manifest of a snapshot that was removed; tells whose the objects are that younger ones point into. */
    static ObjectKey removed(SnapshotId id) {
        return ObjectKey.of(prefix(id) + REMOVED);
    }

    static boolean isRemoved(ObjectKey key) {
        return key.value().endsWith("/" + REMOVED);
    }

    /** Never an object: an upload to it is begun and aborted to see whether the store takes uploads. */
    static ObjectKey probe(SnapshotId id) {
        return ObjectKey.of(prefix(id) + "probe");
    }

    static boolean isManifest(ObjectKey key) {
        return key.value().endsWith("/" + MANIFEST);
    }

    /** Whether an object holds content of a disk, unlike those that only tell of it. */
    static boolean isDisk(ObjectKey key) {
        return !isManifest(key) && !isRemoved(key) && !key.value().endsWith("/" + RETENTION);
    }

    /** The snapshot that an object is of; empty for objects of another origin. */
    static Optional<SnapshotId> snapshotOf(ObjectKey key) {
        String[] segments = key.value().split("/", -1);
        if (segments.length != 3 || !(segments[0] + "/").equals(ROOT)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new SnapshotId(segments[1]));
        } catch (SnapshotException e) {
            return Optional.empty();
        }
    }
}
