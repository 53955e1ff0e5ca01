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
    DELETING;

    /**
     * Whether the status can only change to {@link #DELETING} from here; or from {@link #AVAILABLE} to {@link #FAILED}, if the region of the
     * only complete copy is given up explicitly.
     */
    public boolean settled() {
        return this == AVAILABLE || this == FAILED || this == CANCELLED;
    }
}
