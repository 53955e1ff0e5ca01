package io.stillframe.internal.engine;

import io.stillframe.internal.engine.RegionCalls.Outcome;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import java.util.List;

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

    /** Returns when nothing is left; else throws what one of the regions that still hold something says. */
    void run(Job job, Cancellation cancellation) {
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
        List<Outcome<Region>> outcomes = reached.isEmpty()
                ? List.of()
                : calls.run("removing stored objects", reached, cancellation, region -> {
                    retries.run("removing stored objects", cancellation, () -> {
                        record.assureLease();
                        new StoredObjects(region.store()).removeAll(record.record(), region);
                    });
                    return region;
                });
        boolean all = unreached.isEmpty() && outcomes.stream().allMatch(Outcome::isGood);
        if (all) {
            return;
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

    private static Snapshot told(Snapshot snapshot, List<Outcome<Region>> outcomes) {
        return Replicas.mapped(
                snapshot,
                replica -> outcomes.stream()
                        .filter(outcome -> outcome.region().holds(replica))
                        .findFirst()
                        .map(outcome -> outcome.isGood() ? replica.removed() : replica.deletionFailed(outcome.why()))
                        .orElse(replica));
    }
}
