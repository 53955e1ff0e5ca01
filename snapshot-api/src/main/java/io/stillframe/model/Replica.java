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
 * @param bytesStored bytes that have arrived there
 * @param failure why it is not complete, or not removed yet, for a person
 */
public record Replica(
        String region,
        String store,
        State state,
        Optional<Instant> completedAt,
        long bytesStored,
        Optional<String> failure) {
    /** How far a copy is. */
    public enum State {
        /** Nothing has been sent yet. */
        PENDING,
        /** It is being sent, from the instance's disks or from another region. */
        TRANSFERRING,
        /** It is whole, its manifest is published. */
        COMPLETE,
        /** It is not whole, and is copied from another region as soon as that can be done. */
        BEHIND,
        /** It will never be whole: the snapshot was given up. */
        FAILED,
        /** It is being removed. */
        DELETING,
        /** The region has confirmed that nothing is left of it; other copies are still being removed. */
        REMOVED
    }

    public Replica {
        if ((state == State.COMPLETE) != completedAt.isPresent()) {
            throw SnapshotException.invalid("replica in region " + region + " is " + state
                    + ": a completion time goes with COMPLETE and with nothing else");
        }
        if (bytesStored < 0) {
            throw SnapshotException.invalid("replica in region " + region + ": " + bytesStored + " bytes stored");
        }
    }

    /** A copy of which no byte is told. */
    public Replica(String region, String store, State state, Optional<Instant> completedAt, Optional<String> failure) {
        this(region, store, state, completedAt, 0, failure);
    }

    public static Replica pending(String region, String store) {
        return new Replica(region, store, State.PENDING, Optional.empty(), Optional.empty());
    }

    public boolean isComplete() {
        return state == State.COMPLETE;
    }

    /** The same, being sent. */
    public Replica transferring() {
        return new Replica(region, store, State.TRANSFERRING, Optional.empty(), bytesStored, Optional.empty());
    }

    public Replica complete(Instant at, long bytes) {
        return new Replica(region, store, State.COMPLETE, Optional.of(at), bytes, Optional.empty());
    }

    /** The same, to be copied from another region. */
    public Replica behind(String why) {
        return without(State.BEHIND, why);
    }

    public Replica failed(String why) {
        return without(State.FAILED, why);
    }

    /** The same, to be removed. */
    public Replica deleting() {
        return new Replica(region, store, State.DELETING, Optional.empty(), bytesStored, Optional.empty());
    }

    /** The same, still to be removed. */
    public Replica deletionFailed(String why) {
        return without(State.DELETING, why);
    }

    public Replica removed() {
        return new Replica(region, store, State.REMOVED, Optional.empty(), 0, Optional.empty());
    }

    public Replica withBytesStored(long bytes) {
        return new Replica(region, store, state, completedAt, bytes, failure);
    }

    private Replica without(State value, String why) {
        return new Replica(region, store, value, Optional.empty(), bytesStored, Optional.of(why));
    }
}
