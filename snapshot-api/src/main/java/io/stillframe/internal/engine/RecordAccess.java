package io.stillframe.internal.engine;

import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.Cancellation;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/** Changes a snapshot's record whether this service works on it or nobody does; copying from region to region is ended for it. */
final class RecordAccess {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

    private final Jobs jobs;
    private final SnapshotReads reads;
    private final Takeover takeover;

    RecordAccess(Jobs jobs, SnapshotReads reads, Takeover takeover) {
        this.jobs = jobs;
        this.reads = reads;
        this.takeover = takeover;
    }

    /** TRANSIENT while another process does something about it that cannot be ended. */
    Snapshot run(SnapshotId id, String why, Function<Job, Snapshot> change) {
        reads.requireAny(id);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        Cancellation pause = new Cancellation();
        while (true) {
            Optional<Snapshot> changed = attempt(id, why, change);
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

    private Optional<Snapshot> attempt(SnapshotId id, String why, Function<Job, Snapshot> change) {
        Optional<Job> running = jobs.find(id).filter(job -> !job.isCopying());
        if (running.isPresent()) {
            return unlessEnding(running.get(), change);
        }
        Optional<Job> taken = taken(id, why);
        try {
            return taken.map(change);
        } finally {
            taken.ifPresent(jobs::end);
        }
    }

    /** Empty if the job has just given its lease back. */
    private static Optional<Snapshot> unlessEnding(Job job, Function<Job, Snapshot> change) {
        try {
            return Optional.of(change.apply(job));
        } catch (SnapshotException e) {
            if (e.kind() != SnapshotException.Kind.FENCED && e.kind() != SnapshotException.Kind.CANCELLED) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** Empty if it has an owner, elsewhere or just now here. */
    private Optional<Job> taken(SnapshotId id, String why) {
        try {
            return takeover.nowOrFromCopying(id, why);
        } catch (SnapshotException e) {
            if (e.kind() != SnapshotException.Kind.CONFLICT) {
                throw e;
            }
            return Optional.empty();
        }
    }
}
