package io.stillframe.model;

import java.time.Instant;
import java.util.Optional;

/**
 * A snapshot's copy in one region.
 *
 * @param region the region's name
 * @param store the region's store as it names itself, without secrets
 * @param state how far this copy is
 * @param completedAt when it was complete there; present exactly when it is {@link State#COMPLETE}
 * @param failure why it is not, for a person; present exactly when it is {@link State#FAILED}
 */
public record Replica(
        String region, String store, State state, Optional<Instant> completedAt, Optional<String> failure) {
    /** How far a copy is. */
    public enum State {
        PENDING,
        TRANSFERRING,
        COMPLETE,
        FAILED,
        DELETING
    }

    public Replica {
        if ((state == State.COMPLETE) != completedAt.isPresent()) {
            throw SnapshotException.invalid("replica in region " + region + " is " + state
                    + ": a completion time goes with COMPLETE and with nothing else");
        }
    }

    public static Replica pending(String region, String store) {
        return new Replica(region, store, State.PENDING, Optional.empty(), Optional.empty());
    }
}
