package io.stillframe.model;

/** How the point in time is taken. */
public enum CaptureMode {
    /** Shut the guest down, hold the point in time, power it on again. */
    SHUTDOWN,
    /** Leave it running; freeze its file systems for the moment of the hold if its agent can. */
    LIVE
}
