package io.stillframe.spi;

/** What publishing does when an object of that name exists. */
public enum PublishMode {
    /** Leaves it and says so: of several writers exactly one creates. */
    CREATE_IF_ABSENT,
    /** Replaces it atomically. */
    REPLACE
}
