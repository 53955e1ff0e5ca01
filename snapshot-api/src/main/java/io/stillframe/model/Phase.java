package io.stillframe.model;

/** What is being done right now, finer than {@link SnapshotStatus}. */
public enum Phase {
    /** Accepted; nothing on the instance has been touched. */
    REQUESTED,
    /** Shutdown events are being sent, or the instance is being forced off. */
    STOPPING,
    /** The guest's file systems are being frozen (live capture). */
    FREEZING,
    /** The point in time is being held. */
    HOLDING,
    /** The instance is being powered on again, or thawed. */
    RESUMING,
    /** The held point in time is being made a snapshot of the volumes' own. */
    KEEPING,
    /** Waiting for a free place to work on the image. */
    WAITING,
    /** Reading, converting, compressing and transferring the disks. */
    TRANSFERRING,
    /** Closing the objects and publishing the manifest. */
    PUBLISHING,
    /** Whole in some region, the point in time is not needed any more; copied to the regions that have yet to complete it. */
    REPLICATING,
    /** Nothing left to do. */
    DONE
}
