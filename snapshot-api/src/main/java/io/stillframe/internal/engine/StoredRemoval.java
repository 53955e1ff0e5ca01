package io.stillframe.internal.engine;

import io.stillframe.internal.engine.RegionCalls.Outcome;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Removes what all regions hold of a snapshot. What a region has confirmed is not asked of it again; as long as one has not, the snapshot
 * stays, and its removal is gone on with by whoever reaches that region.
 */
final class StoredRemoval {
    private final Installation installation;
    private final Retries retries;
    private final RegionCalls calls;

    StoredRemoval(Installation installation, Retries retries, RegionCalls calls) {
        this.installation = installation;
        this.retries = retries;
        this.calls = calls;
    }

    /**
     * Returns when nothing is left but what others need; else throws what one of the regions that still hold something says.
     *
     * @return the objects that younger snapshots point into
     */
    Set<ObjectKey> run(Job job, Cancellation cancellation) {
        OwnedRecord record = job.record();
        List<Replica> left = installation.replicas(record.snapshot()).stream()
                .filter(replica -> replica.state() != Replica.State.REMOVED)
                .toList();
        List<Region> reached = left.stream()
                .flatMap(replica -> installation.regionOf(replica).stream())
                .toList();
        List<Replica> unreached = left.stream()
                .filter(replica -> installation.regionOf(replica).isEmpty())
                .toList();
        List<Outcome<Set<ObjectKey>>> outcomes = reached.isEmpty()
                ? List.of()
                : calls.run(
                        "removing stored objects",
                        reached,
                        cancellation,
                        region -> retries.call("removing stored objects", cancellation, () -> remove(record, region)));
        Set<ObjectKey> needed = new HashSet<>();
        outcomes.forEach(outcome -> outcome.value().ifPresent(needed::addAll));
        boolean all = unreached.isEmpty() && outcomes.stream().allMatch(Outcome::isGood);
        if (all) {
            if (!needed.isEmpty()) {
                record.update(snapshot -> told(snapshot, outcomes));
            }
            return needed;
        }
        if (record.snapshot().status() == SnapshotStatus.DELETING && left.size() > 1) {
            record.update(snapshot -> told(snapshot, outcomes));
        }
        if (outcomes.stream().anyMatch(outcome -> !outcome.isGood())) {
            throw RegionCalls.failure(outcomes);
        }
        installation.home();
        throw installation.unreached(record.id(), unreached);
    }

    private Set<ObjectKey> remove(OwnedRecord record, Region region) {
        Set<ObjectKey> needed = new Loans(installation).of(record.record(), region);
        record.assureLease();
        new StoredObjects(region.store()).removeAllBut(needed, record.record(), region);
        return needed;
    }

    private static Snapshot told(Snapshot snapshot, List<Outcome<Set<ObjectKey>>> outcomes) {
        return Replicas.mapped(
                snapshot,
                replica -> outcomes.stream()
                        .filter(outcome -> outcome.region().holds(replica))
                        .findFirst()
                        .map(outcome -> told(replica, outcome))
                        .orElse(replica));
    }

    private static Replica told(Replica replica, Outcome<Set<ObjectKey>> outcome) {
        if (!outcome.isGood()) {
            return replica.deletionFailed(outcome.why());
        }
        return outcome.value().equals(Optional.of(Set.of())) ? replica.removed() : replica;
    }
}
