package io.stillframe.model;

/** A duty towards the instance, written down before the effect that makes it necessary; any process can discharge it. */
public enum Obligation {
    /** It was running when the snapshot was asked for and must run again. */
    POWER_ON,
    /** Its file systems were frozen and must be thawed. */
    THAW,
    /** Its disks' point in time is held (e.g. by overlays) and must be released (merged back). */
    RELEASE
}
