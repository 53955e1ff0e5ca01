package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SweepReport.Kind;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.UnfinishedUpload;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One region's part of a sweep. Looks at the store first and at the catalog then: what was begun in between is in the catalog by the
 * time it is judged. Costs memory for one line per snapshot that the store holds something of.
 */
final class StoreSweep {
    private final Region region;
    private final Sweep sweep;
    private final StoredObjects stored;
    private final LateManifest lateManifest;

    StoreSweep(Region region, Sweep sweep) {
        this.region = region;
        this.sweep = sweep;
        this.stored = new StoredObjects(region.store());
        this.lateManifest = new LateManifest(region.store());
    }

    /** What the store holds of one snapshot. */
    private static final class Holding {
        private long bytes;
        private boolean manifest;
        private boolean objects;
        private boolean disks;
        private boolean removed;
        private Instant youngest = Instant.MIN;
        private final List<UnfinishedUpload> uploads = new ArrayList<>();

        void add(ObjectStat object) {
            objects = true;
            bytes += object.size();
            manifest |= StoredLayout.isManifest(object.key());
            disks |= StoredLayout.isDisk(object.key());
            removed |= StoredLayout.isRemoved(object.key());
            seen(object.lastModified());
        }

        void add(UnfinishedUpload upload) {
            uploads.add(upload);
            seen(upload.startedAt());
        }

        void seen(Instant at) {
            youngest = at.isAfter(youngest) ? at : youngest;
        }
    }

    void run() {
        Map<SnapshotId, Holding> holdings = new TreeMap<>();
        stored.forEachObject(StoredLayout.ROOT, object -> {
            sweep.cancellation().check();
            StoredLayout.snapshotOf(object.key())
                    .ifPresent(id -> holding(holdings, id).add(object));
        });
        stored.forEachUpload(StoredLayout.ROOT, upload -> {
            sweep.cancellation().check();
            StoredLayout.snapshotOf(upload.token().key())
                    .ifPresent(id -> holding(holdings, id).add(upload));
        });
        holdings.forEach(this::judge);
    }

    private static Holding holding(Map<SnapshotId, Holding> holdings, SnapshotId id) {
        return holdings.computeIfAbsent(id, i -> {
            Holding holding = new Holding();
            holding.seen(i.createdAt());
            return holding;
        });
    }

    private void judge(SnapshotId id, Holding holding) {
        switch (sweep.standing(id)) {
            case NEEDED -> {
                // Its job or a recovery sees to it.
            }
            case AVAILABLE -> removeUploads(id, holding, "its snapshot is available without it");
            case GIVEN_UP -> {
                removeUploads(id, holding, "its snapshot was given up");
                removeObjects(id, holding, "its snapshot was given up");
            }
            case UNREADABLE -> sweep.keep(Kind.ORPHANED_OBJECTS, id.value(), holding.bytes, Sweep.UNREADABLE);
            case UNKNOWN -> unknown(id, holding);
        }
    }

    private void unknown(SnapshotId id, Holding holding) {
        if (holding.manifest && (holding.disks || !lateManifest.isAllOf(id))) {
            sweep.keep(
                    Kind.ORPHANED_OBJECTS,
                    id.value(),
                    holding.bytes,
                    "published, but not in this catalog: another one's, or lost from this one");
        } else if (holding.removed) {
            sweep.keep(
                    Kind.ORPHANED_OBJECTS,
                    id.value(),
                    holding.bytes,
                    "removed, but younger snapshots, of another catalog or lost from this one, may be built on it");
        } else if (sweep.isYoung(holding.youngest)) {
            sweep.keep(
                    Kind.ORPHANED_OBJECTS,
                    id.value(),
                    holding.bytes,
                    "not in this catalog, last written at " + holding.youngest + "; another one may be working on it");
        } else {
            removeUnknown(id, holding);
        }
    }

    private void removeUnknown(SnapshotId id, Holding holding) {
        String why = "not in this catalog, " + (holding.manifest ? "published after its removal" : "without manifest")
                + ", last written at " + holding.youngest;
        for (UnfinishedUpload upload : holding.uploads) {
            sweep.remove(Kind.UNFINISHED_UPLOAD, upload.token().key().value(), 0, why, () -> {
                requireUnknown(id);
                stored.abort(upload.token());
            });
        }
        if (holding.objects) {
            sweep.remove(Kind.ORPHANED_OBJECTS, id.value(), holding.bytes, why, () -> {
                requireUnknown(id);
                stored.removeObjects(id);
            });
        }
    }

    private void removeUploads(SnapshotId id, Holding holding, String why) {
        for (UnfinishedUpload upload : holding.uploads) {
            sweep.remove(
                    Kind.UNFINISHED_UPLOAD,
                    upload.token().key().value(),
                    0,
                    why,
                    () -> sweep.underLease(id, () -> stored.abort(upload.token())));
        }
    }

    private void removeObjects(SnapshotId id, Holding holding, String why) {
        if (holding.objects) {
            sweep.remove(
                    Kind.ORPHANED_OBJECTS,
                    id.value(),
                    holding.bytes,
                    why,
                    () -> sweep.underLease(id, () -> sweep.removeUnneeded(id, region)));
        }
    }

    private void requireUnknown(SnapshotId id) {
        if (sweep.standing(id) != Sweep.Standing.UNKNOWN) {
            throw SnapshotException.conflict("the catalog knows it by now; it was left alone");
        }
    }
}
