package io.stillframe.internal.engine;

import io.stillframe.model.Obligation;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gets hold of snapshots that others worked on: those without an owner at once, others by asking their owner to end. */
final class Takeover {
    private static final Logger LOG = LoggerFactory.getLogger(Takeover.class);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    private final Installation installation;
    private final Jobs jobs;
    private final Doorbell doorbell;

    Takeover(Installation installation, Jobs jobs, Doorbell doorbell) {
        this.installation = installation;
        this.jobs = jobs;
        this.doorbell = doorbell;
    }

    /**
     * Takes a snapshot whose lease is free or expired.
     *
     * @return empty if it has a living owner, here or elsewhere
     * @throws SnapshotException NOT_FOUND
     */
    Optional<Job> now(SnapshotId id) {
        if (jobs.find(id).isPresent()) {
            return Optional.empty();
        }
        Optional<Job> job = jobs.open(id, () -> acquire(id));
        job.ifPresent(j -> j.inContext(() -> recallShutdownEvent(j)));
        return job;
    }

    /**
     * Takes a snapshot whose lease is free or expired, or whose owner only copies it from region to region: that is ended, and gone on with
     * when the snapshot is given back.
     *
     * @return empty if it has a living owner that does something else
     * @throws SnapshotException NOT_FOUND; TRANSIENT if copying does not come to an end in time
     */
    Optional<Job> nowOrFromCopying(SnapshotId id, String why) {
        Optional<Job> job = now(id);
        if (job.isPresent() || !isBeingCopied(id)) {
            return job;
        }
        return Optional.of(afterEndOf(id, why));
    }

    private boolean isBeingCopied(SnapshotId id) {
        Optional<Job> own = jobs.find(id);
        if (own.isPresent()) {
            return own.get().isCopying();
        }
        return installation.catalog().find(id).filter(Recovery::onlyOwesCopies).isPresent();
    }

    /**
     * Takes a snapshot, and ends whatever is done about it first.
     *
     * @throws SnapshotException NOT_FOUND; TRANSIENT if its owner does not come to an end in time; the wish stands
     */
    Job afterEndOf(SnapshotId id, String why) {
        Job[] taken = new Job[1];
        await(id, () -> {
            // Again and again: one that has just come to its end is wanted too.
            askToEnd(id, why);
            Optional<Job> job = now(id);
            job.ifPresent(j -> taken[0] = j);
            return job.isPresent();
        });
        return taken[0];
    }

    /** Tells whoever works on the snapshot to end, and waits until {@code met}. */
    void endUntil(SnapshotId id, String why, BooleanSupplier met) {
        askToEnd(id, why);
        await(id, met);
    }

    private void askToEnd(SnapshotId id, String why) {
        jobs.find(id).ifPresent(job -> job.stop(Job.StopReason.OWNER, why));
    }

    private void await(SnapshotId id, BooleanSupplier met) {
        Duration patience = installation.patience();
        long deadline = System.nanoTime() + patience.toNanos();
        Optional<Lease> wish = Optional.empty();
        while (!met.getAsBoolean()) {
            if (System.nanoTime() - deadline >= 0) {
                throw SnapshotException.transientFault(
                        "the work on snapshot " + id + " has not ended within " + patience.toSeconds()
                                + " s; it was told to, so ask again later",
                        null);
            }
            if (wish.isEmpty() && jobs.find(id).isEmpty()) {
                wish = doorbell.ring(id, patience);
            }
            pause();
        }
        wish.ifPresent(doorbell::stopRinging);
    }

    private Optional<Jobs.Granted> acquire(SnapshotId id) {
        LeaseOutcome outcome = installation
                .catalog()
                .acquire(
                        id.value(),
                        installation.owner(),
                        installation.settings().leaseTtl());
        if (!(outcome instanceof LeaseOutcome.Granted granted)) {
            return Optional.empty();
        }
        Optional<CatalogRecord> record = installation.catalog().find(id);
        if (record.isEmpty()) {
            installation.catalog().release(granted.lease());
            throw SnapshotException.notFound("there is no snapshot " + id + " in this catalog");
        }
        return Optional.of(new Jobs.Granted(granted.lease(), record.get()));
    }

    /** A guest that a dead process has asked to shut down may still do so. */
    private void recallShutdownEvent(Job job) {
        if (!job.record().snapshot().obligations().contains(Obligation.POWER_ON)) {
            return;
        }
        try {
            List<JournalEntry> journal = installation.catalog().journal(job.id());
            journal.stream()
                    .filter(entry -> entry.step().equals(GuestShutdown.EVENT)
                            || entry.step().equals(GuestShutdown.FORCE))
                    .reduce((earlier, later) -> later)
                    .ifPresent(last -> job.shutdownEventSent(since(last.at())));
        } catch (SnapshotException e) {
            LOG.warn(
                    "the journal of {} cannot be read, its guest is watched as if just asked: {}",
                    job.id(),
                    e.getMessage());
            job.shutdownEventSent(0);
        }
    }

    /** By the catalog's clock, which dates the journal: another one that is ahead would leave a guest unwatched that is about to stop. */
    private long since(Instant at) {
        Duration since = installation
                .catalog()
                .ownTime()
                .map(now -> Duration.between(at, now))
                .orElse(Duration.ZERO);
        return since.isNegative() ? 0 : since.toNanos();
    }

    private static void pause() {
        try {
            Thread.sleep(LOOK_AGAIN.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(Kind.CANCELLED, "interrupted while waiting", e);
        }
    }
}
