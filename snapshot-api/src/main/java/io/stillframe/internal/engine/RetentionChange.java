package io.stillframe.internal.engine;

import io.stillframe.internal.engine.RegionCalls.Outcome;
import io.stillframe.model.Replica;
import io.stillframe.model.Retention;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import java.util.List;
import java.util.Optional;

/** Changes how long a snapshot is kept, as long as it lives. */
final class RetentionChange {
    private final Installation installation;
    private final Retries retries;
    private final RegionCalls calls;
    private final SnapshotReads reads;
    private final RecordAccess access;

    RetentionChange(
            Installation installation, Retries retries, RegionCalls calls, SnapshotReads reads, RecordAccess access) {
        this.installation = installation;
        this.retries = retries;
        this.calls = calls;
        this.reads = reads;
        this.access = access;
    }

    Snapshot run(SnapshotId id, Retention retention) {
        reads.record(id);
        return access.run(id, "its retention is changed", job -> change(job, retention));
    }

    /**
     * The stores first: a catalog that is lost after the change and rebuilt from a store must know it. A region that does not take it is
     * behind until it has.
     */
    private Snapshot change(Job job, Retention retention) {
        Snapshot wanted = changed(job.record().snapshot(), retention);
        List<Outcome<Region>> missed =
                RetentionFile.of(wanted).map(file -> store(job, wanted, file)).orElse(List.of());
        return job.record().update(snapshot -> {
            Snapshot changed = changed(snapshot, retention);
            for (Outcome<Region> outcome : missed) {
                changed = Replicas.with(
                        changed,
                        outcome.region(),
                        copy -> copy.behind("its retention is not current: " + outcome.why()));
            }
            return changed;
        });
    }

    /** The regions that did not take it. */
    private List<Outcome<Region>> store(Job job, Snapshot wanted, RetentionFile file) {
        job.record().assureLease();
        List<Region> complete = installation.requireReached(wanted).stream()
                .filter(region ->
                        Replicas.in(region, wanted).filter(Replica::isComplete).isPresent())
                .toList();
        List<Outcome<Region>> outcomes = complete.isEmpty()
                ? List.of()
                : calls.run("storing the retention", complete, job.cancellation(), region -> {
                    retries.run("storing the retention", job.cancellation(), () -> put(region, file));
                    return region;
                });
        boolean needed = !complete.isEmpty() || !wanted.isKeptOnVolumes();
        if (needed && outcomes.stream().noneMatch(Outcome::isGood)) {
            throw outcomes.isEmpty()
                    ? SnapshotException.unsupported("this service reaches no complete copy of snapshot " + wanted.id()
                            + "; use a service that does")
                    : RegionCalls.failure(outcomes);
        }
        return outcomes.stream().filter(outcome -> !outcome.isGood()).toList();
    }

    /** Makes a region's copy say how long it is kept. */
    static void put(Region region, RetentionFile file) {
        region.store()
                .put(
                        StoredLayout.retention(file.snapshot()),
                        file.toBytes(),
                        PublishMode.REPLACE,
                        new UploadOptions("application/json", Optional.empty()));
    }

    private Snapshot changed(Snapshot snapshot, Retention retention) {
        if (snapshot.status() == SnapshotStatus.DELETING || reads.isExpired(snapshot)) {
            throw SnapshotException.conflict(
                    "snapshot " + snapshot.id() + " is being removed; its retention cannot be changed any more");
        }
        return snapshot.toBuilder().retention(retention).build();
    }
}
