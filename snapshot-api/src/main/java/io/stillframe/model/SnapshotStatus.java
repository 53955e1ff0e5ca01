package io.stillframe.model;

/** A snapshot's public status. The finer {@link Phase} goes with it. */
public enum SnapshotStatus {
    /** The point in time is being taken; the instance may be stopping, off or starting. */
    CAPTURING,
    /** The point in time is held, the instance is back; the image waits or is being worked on. */
    QUEUED,
    /** Completely stored and verified, or kept on the volumes of its instance's disks; can be launched. */
    AVAILABLE,
    /** Is not available and never will be; the failure says why. */
    FAILED,
    /** Cancelled by its owner before it became available. */
    CANCELLED,
    /** Being removed from every region; ends with the record's removal. */
    DELETING,
    /**
     * Removed, and gone for its owner: no call finds it, and no listing shows it unless it asks for this status. Of its stored disks that is
     * left which younger snapshots point into, see {@link Storing#CHANGES}; it ends with the removal of the last of those.
     */
    REMOVED;

    /** Whether a failure may be told with it. */
    boolean mayHaveFailed() {
        return this == FAILED || this == DELETING || this == REMOVED;
    }

    /**
     * Whether the status can only change to {@link #DELETING} from here; or from {@link #AVAILABLE} to {@link #FAILED}, if the region of the
     * only complete copy is given up explicitly; or from {@link #REMOVED} not at all.
     */
    public boolean settled() {
        return this == AVAILABLE || this == FAILED || this == CANCELLED || this == REMOVED;
    }
}
