package io.stillframe.internal.engine;

import io.stillframe.internal.events.PhaseEvents;
import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.TimeRange;
import io.stillframe.spi.CatalogRecord;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds snapshots whose retention is over, at a cost that follows their number and not the catalog's, and removes them. */
final class Expiries {
    private static final int LARGEST_PAGE = 1000;
    private static final SnapshotQuery SOONEST =
            SnapshotQuery.all().withStatus(SnapshotStatus.AVAILABLE).inOrder(SnapshotQuery.Order.SOONEST_EXPIRY);

    private final Installation installation;
    private final TrustedTime time;
    private final Jobs jobs;
    private final Takeover takeover;
    private final Removal removal;

    Expiries(Installation installation, TrustedTime time, Jobs jobs, Takeover takeover, Removal removal) {
        this.installation = installation;
        this.time = time;
        this.jobs = jobs;
        this.takeover = takeover;
        this.removal = removal;
    }

    /** All that have expired, the first one first. */
    List<Snapshot> due() {
        // Half-open: what expires at this very instant is due.
        return installation.all(SOONEST.withExpires(TimeRange.before(time.now().plusNanos(1))));
    }

    /** When the next one expires that is not seen to already; empty if none will. */
    Optional<Instant> next(Set<SnapshotId> seenTo) {
        int most = Math.min(LARGEST_PAGE, seenTo.size() + 1);
        return installation.catalog().list(SOONEST, Optional.empty(), most).items().stream()
                .map(CatalogRecord::snapshot)
                .filter(snapshot -> !seenTo.contains(snapshot.id()))
                .findFirst()
                .flatMap(Snapshot::expiresAt);
    }

    /** Snapshots whose removal was begun. */
    List<Snapshot> halfRemoved() {
        return installation.all(SnapshotQuery.all().withStatus(SnapshotStatus.DELETING));
    }

    /**
     * Removes a snapshot, only if it is still expired under its lease: its retention may have been changed.
     *
     * @throws SnapshotException CONFLICT if it has an owner or does not expire any more; NOT_FOUND if it is gone
     */
    void remove(SnapshotId id) {
        Job job = takeover.nowOrFromCopying(id, "its retention is over")
                .orElseThrow(() -> SnapshotException.conflict("it is being worked on; the next sweep removes it"));
        if (!isDue(job)) {
            jobs.end(job);
            throw SnapshotException.conflict("its retention was changed; it was left alone");
        }
        job.inContext(() -> removeExpired(job));
    }

    private void removeExpired(Job job) {
        Snapshot snapshot = job.record().snapshot();
        try (PhaseSpan span = PhaseEvents.begin(PhaseEvents.Kind.RETENTION_DELETION, snapshot)) {
            span.bytes(snapshot.bytesStored());
            removal.remove(job);
            span.done("removed");
        }
    }

    /** Goes on with a removal whose process ended or gave up. */
    void finish(SnapshotId id) {
        takeover.now(id).ifPresent(job -> {
            if (job.record().snapshot().status() == SnapshotStatus.DELETING) {
                job.inContext(() -> removal.remove(job));
            } else {
                jobs.end(job);
            }
        });
    }

    private boolean isDue(Job job) {
        Snapshot snapshot = job.record().snapshot();
        try {
            return snapshot.status() == SnapshotStatus.AVAILABLE
                    && snapshot.expiresAt()
                            .filter(expiry -> !time.now().isBefore(expiry))
                            .isPresent();
        } catch (RuntimeException | Error e) {
            jobs.end(job);
            throw e;
        }
    }
}
