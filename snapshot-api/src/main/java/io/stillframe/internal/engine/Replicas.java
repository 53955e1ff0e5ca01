package io.stillframe.internal.engine;

import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Phase;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotStatus;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** What a snapshot's copies say together. */
final class Replicas {
    private Replicas() {}

    /** The snapshot's copy in a region. */
    static Optional<Replica> in(Region region, Snapshot snapshot) {
        return snapshot.replicas().stream().filter(region::holds).findFirst();
    }

    /** The snapshot with its copy in one region changed. */
    static Snapshot with(Snapshot snapshot, Region region, UnaryOperator<Replica> change) {
        return mapped(snapshot, replica -> region.holds(replica) ? change.apply(replica) : replica);
    }

    static Snapshot mapped(Snapshot snapshot, UnaryOperator<Replica> change) {
        List<Replica> changed = snapshot.replicas().stream().map(change).toList();
        return snapshot.toBuilder().replicas(changed).build();
    }

    /** The snapshot without a copy: whole ones first, and of disks that no region has whole any more no object. */
    static Snapshot without(Snapshot snapshot, Predicate<Replica> gone) {
        List<Replica> left = snapshot.replicas().stream()
                .filter(gone.negate())
                .sorted((a, b) -> Boolean.compare(b.isComplete(), a.isComplete()))
                .toList();
        List<DiskSnapshot> disks = left.stream().anyMatch(Replica::isComplete)
                ? snapshot.disks()
                : snapshot.disks().stream().map(DiskSnapshot::unstored).toList();
        return snapshot.toBuilder().replicas(left).disks(disks).build();
    }

    /** Whole in some region, so that nothing is needed of the instance any more, but not available yet. */
    static boolean isStoredOnly(Snapshot snapshot) {
        return snapshot.status() == SnapshotStatus.QUEUED && snapshot.phase() == Phase.REPLICATING;
    }

    /** Whether some copy is to be made from another one, or to be removed. */
    static boolean areOwed(Snapshot snapshot) {
        boolean stored = snapshot.status() == SnapshotStatus.AVAILABLE || isStoredOnly(snapshot);
        return stored && snapshot.replicas().stream().anyMatch(Replicas::isOwed);
    }

    static boolean isOwed(Replica replica) {
        return switch (replica.state()) {
            case PENDING, TRANSFERRING, BEHIND, DELETING -> true;
            case COMPLETE, FAILED, REMOVED -> false;
        };
    }
}
