package io.stillframe.internal.engine;

import io.stillframe.model.Retention;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import java.time.Duration;
import java.util.Optional;

/** Changes how long a snapshot is kept, as long as it lives. */
final class RetentionChange {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

    private final Installation installation;
    private final Retries retries;
    private final Jobs jobs;
    private final SnapshotReads reads;
    private final Takeover takeover;

    RetentionChange(Installation installation, Retries retries, Jobs jobs, SnapshotReads reads, Takeover takeover) {
        this.installation = installation;
        this.retries = retries;
        this.jobs = jobs;
        this.reads = reads;
        this.takeover = takeover;
    }

    Snapshot run(SnapshotId id, Retention retention) {
        reads.record(id);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Cancellation pause = new Cancellation();
        while (true) {
            Optional<Snapshot> changed = attempt(id, retention);
            if (changed.isPresent()) {
                return changed.get();
            }
            if (System.nanoTime() - deadline >= 0) {
                throw SnapshotException.transientFault(
                        "snapshot " + id + " is being worked on by another process; ask again, or ask that one", null);
            }
            pause.await(LOOK_AGAIN.toNanos());
        }
    }

    private Optional<Snapshot> attempt(SnapshotId id, Retention retention) {
        Optional<Job> running = jobs.find(id);
        if (running.isPresent()) {
            return unlessEnding(running.get(), retention);
        }
        Optional<Job> taken = taken(id);
        try {
            return taken.map(job -> change(job, retention));
        } finally {
            taken.ifPresent(jobs::end);
        }
    }

    /** Empty if the job has just given its lease back. */
    private Optional<Snapshot> unlessEnding(Job job, Retention retention) {
        try {
            return Optional.of(change(job, retention));
        } catch (SnapshotException e) {
            if (e.kind() != SnapshotException.Kind.FENCED && e.kind() != SnapshotException.Kind.CANCELLED) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** Empty if it has an owner, elsewhere or just now here. */
    private Optional<Job> taken(SnapshotId id) {
        try {
            return takeover.now(id);
        } catch (SnapshotException e) {
            if (e.kind() != SnapshotException.Kind.CONFLICT) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** The store first: a catalog that is lost after the change and rebuilt from the store must know it. */
    private Snapshot change(Job job, Retention retention) {
        Snapshot wanted = changed(job.record().snapshot(), retention);
        RetentionFile.of(wanted).ifPresent(file -> {
            job.record().assureLease();
            retries.run(
                    "storing the retention",
                    job.cancellation(),
                    () -> installation
                            .storeOf(wanted)
                            .put(
                                    StoredLayout.retention(wanted.id()),
                                    file.toBytes(),
                                    PublishMode.REPLACE,
                                    new UploadOptions("application/json", Optional.empty())));
        });
        return job.record().update(snapshot -> changed(snapshot, retention));
    }

    private Snapshot changed(Snapshot snapshot, Retention retention) {
        if (snapshot.status() == SnapshotStatus.DELETING || reads.isExpired(snapshot)) {
            throw SnapshotException.conflict(
                    "snapshot " + snapshot.id() + " is being removed; its retention cannot be changed any more");
        }
        return snapshot.toBuilder().retention(retention).build();
    }
}
