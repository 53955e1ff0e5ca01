package io.stillframe.spi;

/** What an endpoint can do beyond the contract's core. Declared, never guessed; the contract kit checks both ways. */
public enum StoreCapability {
    /** {@link PublishMode#CREATE_IF_ABSENT} on small objects has exactly one winner among concurrent writers. */
    CREATE_IF_ABSENT,
    /** The same on completion of a parted upload. Without it, the check is made just before and the window documented. */
    CREATE_IF_ABSENT_ON_COMPLETE,
    /** Unfinished uploads survive the process and can be resumed. */
    RESUME,
    /** {@link ObjectStore#listUploads} finds unfinished uploads. */
    LIST_UPLOADS,
    /** The store removes an object by itself at {@link UploadOptions#expiresAt()}. */
    EXPIRY
}
