package io.stillframe.spi;

/** Whether an instance runs. */
public enum PowerState {
    /** Its guest executes. */
    RUNNING,
    /** Its processor is stopped, its memory is kept; it cannot answer a shutdown event. */
    PAUSED,
    /** The guest sleeps (e.g. S3), or its memory is saved on disk to be resumed at the next start. */
    SUSPENDED,
    /** No guest, no memory. */
    OFF
}
