package io.stillframe.model;

/** Whether a sweep removes what it finds. */
public enum SweepMode {
    /** Only says what it would remove. */
    DRY_RUN,
    /** Removes it. */
    REMOVE
}
