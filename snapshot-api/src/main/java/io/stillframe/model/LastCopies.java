package io.stillframe.model;

/** What becomes of snapshots whose only complete copy is in a region that is given up. */
public enum LastCopies {
    /** They stay as they are, and are reported. */
    KEEP,
    /** They are lost, and say so: they become {@link SnapshotStatus#FAILED}. */
    GIVE_UP
}
