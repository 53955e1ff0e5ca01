package io.stillframe.internal.engine;

import io.stillframe.model.Failure;
import io.stillframe.model.LastCopies;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotStatus;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives up the copies in a region that is gone for good: nothing is asked of it any more, and nothing waits for it. It is known by its name
 * alone, since no service may be able to open it. Each copy's end is in the log and in its snapshot's journal.
 */
final class LostRegion {
    private static final Logger LOG = LoggerFactory.getLogger(LostRegion.class);
    /** Journal step: a copy is given up without its region's word. */
    private static final String GIVE_UP = "give-up-copy";

    private final Installation installation;
    private final Retries retries;
    private final SnapshotReads reads;
    private final RecordAccess access;
    private final Removal removal;
    private final String region;
    private final LastCopies lastCopies;

    LostRegion(
            Installation installation,
            Retries retries,
            SnapshotReads reads,
            RecordAccess access,
            Removal removal,
            String region,
            LastCopies lastCopies) {
        this.installation = installation;
        this.retries = retries;
        this.reads = reads;
        this.access = access;
        this.removal = removal;
        this.region = region;
        this.lastCopies = lastCopies;
    }

    /** Does so for one snapshot; whether nothing is left to be done. */
    boolean giveUp(Snapshot snapshot) {
        if (!isThere(snapshot)) {
            return true;
        }
        access.run(snapshot.id(), "its copy in region " + region + " is given up", this::giveUp);
        if (snapshot.status() == SnapshotStatus.DELETING) {
            finishRemoval(snapshot);
        }
        return true;
    }

    private boolean isThere(Snapshot snapshot) {
        return snapshot.replica(region)
                .filter(copy -> copy.state() != Replica.State.REMOVED)
                .isPresent();
    }

    private Snapshot giveUp(Job job) {
        OwnedRecord record = job.record();
        Snapshot before = record.snapshot();
        if (!isThere(before)) {
            return before;
        }
        requireLosable(before);
        Replica lost = before.replica(region).orElseThrow();
        record.intent(GIVE_UP, "region " + region + " at " + lost.store() + ", " + lost.state());
        LOG.warn(
                "snapshot {}: its copy in region {} at {}, {}, is given up, since the region is gone for good",
                before.id(),
                region,
                lost.store(),
                lost.state());
        record.change(r -> Attributes.withoutCopy(r, lost));
        if (Replicas.isStoredOnly(before) && isElsewhere(before)) {
            new AwaitedCopies(installation, retries, job).change((snapshot, now) -> without(snapshot));
        } else {
            record.update(this::without);
        }
        record.receipt(GIVE_UP, record.snapshot().status().name());
        return record.snapshot();
    }

    private void requireLosable(Snapshot snapshot) {
        boolean stored = snapshot.status() == SnapshotStatus.AVAILABLE || Replicas.isStoredOnly(snapshot);
        if (!stored && !snapshot.status().settled() && snapshot.status() != SnapshotStatus.DELETING) {
            throw SnapshotException.conflict(
                    "it is still being stored; give the region up again when it is available, or cancel it");
        }
        if (stored && !reads.isExpired(snapshot) && !isElsewhere(snapshot) && lastCopies == LastCopies.KEEP) {
            throw SnapshotException.conflict("its only complete copy is in region " + region
                    + "; it is lost only if that is said explicitly (LastCopies.GIVE_UP)");
        }
    }

    private boolean isElsewhere(Snapshot snapshot) {
        return snapshot.isKeptOnVolumes()
                || snapshot.replicas().stream()
                        .anyMatch(copy -> copy.isComplete() && !copy.region().equals(region));
    }

    private Snapshot without(Snapshot snapshot) {
        boolean removed = snapshot.status() == SnapshotStatus.DELETING || snapshot.status() == SnapshotStatus.REMOVED;
        if (removed || reads.isExpired(snapshot)) {
            // Nobody asks that region for its word any more.
            return Replicas.mapped(snapshot, copy -> copy.region().equals(region) ? copy.removed() : copy);
        }
        Snapshot left = Replicas.without(snapshot, copy -> copy.region().equals(region));
        boolean settledBefore =
                snapshot.status() == SnapshotStatus.FAILED || snapshot.status() == SnapshotStatus.CANCELLED;
        return settledBefore || isElsewhere(snapshot) ? left : lost(left);
    }

    private Snapshot lost(Snapshot left) {
        String why = "its only complete copy was in region " + region + ", which was given up as gone for good";
        Snapshot failed = Replicas.mapped(left, copy -> copy.failed(why));
        return failed.toBuilder().failed(new Failure(Kind.PERMANENT, why)).build();
    }

    /** What other regions still hold goes on being removed if they are away too. */
    private void finishRemoval(Snapshot snapshot) {
        try {
            removal.delete(snapshot.id());
        } catch (SnapshotException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                Optional<String> why = Optional.ofNullable(e.getMessage());
                LOG.info("snapshot {}: its removal goes on later: {}", snapshot.id(), why.orElse(""));
            }
        }
    }
}
