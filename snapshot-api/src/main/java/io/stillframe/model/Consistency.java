package io.stillframe.model;

/** How consistent the captured point in time really is, strongest first. A forced stop is never called clean. */
public enum Consistency {
    /** The guest shut itself down within the window: file systems were unmounted. */
    GUEST_SHUTDOWN,
    /** The instance was off before the snapshot was asked for. */
    ALREADY_OFF,
    /** The guest's agent froze the file systems while the point in time was held. */
    QUIESCED,
    /** Taken from a running guest without its help: what a power failure would have left. */
    CRASH_CONSISTENT,
    /** The guest did not stop within the window and was stopped hard: what a power failure would have left. */
    FORCED
}
