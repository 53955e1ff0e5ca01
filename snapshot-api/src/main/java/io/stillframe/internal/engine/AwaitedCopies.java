package io.stillframe.internal.engine;

import io.stillframe.model.Phase;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotStatus;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BiFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Changes a snapshot's copies; if it waited for just that, it is available from then on, and its regions know from when it counts. */
final class AwaitedCopies {
    private static final Logger LOG = LoggerFactory.getLogger(AwaitedCopies.class);

    private final Installation installation;
    private final Retries retries;
    private final Job job;
    private final OwnedRecord record;

    AwaitedCopies(Installation installation, Retries retries, Job job) {
        this.installation = installation;
        this.retries = retries;
        this.job = job;
        this.record = job.record();
    }

    /** @param change of the snapshot as it is then, which takes the time that the change counts from */
    void change(BiFunction<Snapshot, Instant, Snapshot> change) {
        Instant now = retries.call(
                "asking for the time", job.cancellation(), () -> CompletionTime.of(record.snapshot(), installation));
        boolean waited = Replicas.isStoredOnly(record.snapshot());
        record.update(s -> availableIfMet(change.apply(s, now), now));
        if (waited && record.snapshot().status() == SnapshotStatus.AVAILABLE) {
            LOG.info("available");
            tellRegions();
        }
    }

    private static Snapshot availableIfMet(Snapshot changed, Instant now) {
        boolean available = Replicas.isStoredOnly(changed)
                && changed.placement().availability().isMetBy(changed.replicas());
        return available
                ? changed.toBuilder()
                        .status(SnapshotStatus.AVAILABLE)
                        .phase(Phase.DONE)
                        .completedAt(now)
                        .build()
                : changed;
    }

    /** The retention counts from later than the manifests' publication: a catalog rebuilt from them must know. */
    private void tellRegions() {
        Optional<RetentionFile> file = RetentionFile.of(record.snapshot());
        for (Region region : installation.reached(record.snapshot())) {
            try {
                if (Replicas.in(region, record.snapshot())
                        .filter(Replica::isComplete)
                        .isPresent()) {
                    file.ifPresent(value -> retries.run(
                            "storing the retention", job.cancellation(), () -> RetentionChange.put(region, value)));
                }
            } catch (SnapshotException e) {
                job.cancellation().check();
                record.update(s -> Replicas.with(
                        s, region, copy -> copy.behind("its retention is not current: " + e.getMessage())));
            }
        }
    }
}
