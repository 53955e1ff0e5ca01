package io.stillframe.internal.engine;

import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;

/** Asks for one more copy of a snapshot, or for one less. The record says so; the work follows. */
final class Copies {
    private final Installation installation;
    private final SnapshotReads reads;
    private final RecordAccess access;
    private final Replicator replicator;

    Copies(Installation installation, SnapshotReads reads, RecordAccess access, Replicator replicator) {
        this.installation = installation;
        this.reads = reads;
        this.access = access;
        this.replicator = replicator;
    }

    /** One more copy; none if there is one already, or it is on its way. */
    Snapshot add(SnapshotId id, String name) {
        Region region = installation.region(name);
        Snapshot snapshot = reads.available(id).snapshot();
        Residency.of(installation.settings().residency(), snapshot).require(region);
        if (isThere(region, snapshot)) {
            return snapshot;
        }
        Snapshot changed = access.run(
                id,
                "a copy in region " + name + " is added",
                job -> job.record()
                        .change(r -> isThere(region, requireAvailable(r.snapshot()))
                                ? r
                                : Attributes.withStore(r, Attributes.StoreState.TOUCHED)
                                        .with(r.snapshot().toBuilder()
                                                .replica(Replica.pending(
                                                        name, region.store().uri()))
                                                .build()))
                        .snapshot());
        replicator.look(id);
        return changed;
    }

    /** One copy less, which may not be the last whole one. */
    Snapshot remove(SnapshotId id, String name) {
        Snapshot snapshot = reads.get(id);
        if (snapshot.replica(name).isEmpty()) {
            return snapshot;
        }
        Snapshot changed = access.run(
                id,
                "its copy in region " + name + " is removed",
                job -> job.record().update(s -> withoutCopy(requireAvailable(s), name)));
        replicator.look(id);
        return changed;
    }

    private static Snapshot withoutCopy(Snapshot snapshot, String name) {
        boolean elsewhere = snapshot.isKeptOnVolumes();
        if (!elsewhere
                && snapshot.replicas().stream()
                        .noneMatch(copy -> copy.isComplete() && !copy.region().equals(name))) {
            throw SnapshotException.conflict("the copy in region " + name + " is the only complete one of snapshot "
                    + snapshot.id() + "; copy it to another region first, or delete the snapshot");
        }
        return Replicas.mapped(snapshot, copy -> copy.region().equals(name) ? copy.deleting() : copy);
    }

    private static boolean isThere(Region region, Snapshot snapshot) {
        return Replicas.in(region, snapshot)
                .filter(copy -> copy.state() != Replica.State.DELETING && copy.state() != Replica.State.REMOVED)
                .isPresent();
    }

    private Snapshot requireAvailable(Snapshot snapshot) {
        if (snapshot.status() != SnapshotStatus.AVAILABLE || reads.isExpired(snapshot)) {
            throw SnapshotException.conflict("snapshot " + snapshot.id() + " is " + snapshot.status()
                    + "; copies of an available one only can be added and removed");
        }
        return snapshot;
    }
}
