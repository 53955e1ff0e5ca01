package io.stillframe.spi;

/** What publishing did. */
public sealed interface PublishOutcome {
    /** The object is now what was sent. */
    record Published(ObjectStat stat) implements PublishOutcome {}

    /** Another object of that name exists and was left untouched; what was sent is gone. */
    record AlreadyExists(ObjectStat existing) implements PublishOutcome {}
}
