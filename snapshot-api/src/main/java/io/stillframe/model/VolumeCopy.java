package io.stillframe.model;

import java.time.Instant;
import java.util.Optional;

/**
 * A snapshot's copy on the block storage that its instance's disks are volumes of. {@link DiskSnapshot#volume} says where each disk is.
 *
 * @param storage the storage as its plugin names it, e.g. {@code rbd}
 * @param state how far this copy is
 * @param completedAt when it was kept; present exactly when it is {@link State#KEPT}
 * @param failure why it is not kept, or not removed yet, for a person: for example the volumes that were cloned from it and still need it
 */
public record VolumeCopy(String storage, State state, Optional<Instant> completedAt, Optional<String> failure) {
    /** How far a copy on volumes is. */
    public enum State {
        /** The point in time is not kept yet. */
        PENDING,
        /** It is a snapshot of the volumes, protected, from which instances can be cloned. */
        KEPT,
        /** It never will be kept: the snapshot was given up. */
        FAILED,
        /** It is being removed. */
        DELETING
    }

    public VolumeCopy {
        Names.token("a block storage's name", storage);
        if ((state == State.KEPT) != completedAt.isPresent()) {
            throw SnapshotException.invalid("the copy on " + storage + " volumes is " + state
                    + ": a completion time goes with KEPT and with nothing else");
        }
    }

    public static VolumeCopy pending(String storage) {
        return new VolumeCopy(storage, State.PENDING, Optional.empty(), Optional.empty());
    }

    public boolean isKept() {
        return state == State.KEPT;
    }

    public VolumeCopy kept(Instant at) {
        return new VolumeCopy(storage, State.KEPT, Optional.of(at), Optional.empty());
    }

    public VolumeCopy failed(String why) {
        return new VolumeCopy(storage, State.FAILED, Optional.empty(), Optional.of(why));
    }

    /** The same, to be removed. */
    public VolumeCopy deleting() {
        return new VolumeCopy(storage, State.DELETING, Optional.empty(), failure);
    }

    /** The same, still to be removed. */
    public VolumeCopy deletionFailed(String why) {
        return new VolumeCopy(storage, State.DELETING, Optional.empty(), Optional.of(why));
    }
}
