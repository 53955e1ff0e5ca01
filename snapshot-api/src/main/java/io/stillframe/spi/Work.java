package io.stillframe.spi;

import io.stillframe.model.Snapshot;

/** What is left to be done about a record: by it waiting work finds its turn, and recovery what nobody finished. */
public enum Work {
    /** Its capture has not begun and waits for its turn. */
    WAITS_TO_CAPTURE,
    /** Its point in time is being taken. */
    CAPTURE,
    /** Its point in time is held; its transfer waits for its turn. */
    WAITS_TO_TRANSFER,
    /** Its image is being worked on. */
    TRANSFER,
    /** Something else: duties, a removal, a launch. */
    DUTIES,
    /** Nothing: it is at rest. */
    NONE;

    /** Whether it waits for its turn. */
    public boolean waits() {
        return this == WAITS_TO_CAPTURE || this == WAITS_TO_TRANSFER;
    }

    /** What it is once its turn has come; itself if it does not wait. */
    public Work begun() {
        return switch (this) {
            case WAITS_TO_CAPTURE -> CAPTURE;
            case WAITS_TO_TRANSFER -> TRANSFER;
            default -> this;
        };
    }

    /** What a snapshot's status alone says: work that an unsettled one needs has begun. */
    public static Work of(Snapshot snapshot) {
        return switch (snapshot.status()) {
            case CAPTURING -> CAPTURE;
            case QUEUED -> TRANSFER;
            case DELETING -> DUTIES;
            case REMOVED -> NONE;
            case AVAILABLE, FAILED, CANCELLED -> snapshot.obligations().isEmpty() ? NONE : DUTIES;
        };
    }
}
