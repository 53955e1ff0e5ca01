package io.stillframe.storage.s3;

/**
 * Whether the bytes of an upload enter the request's signature. Hashing them costs about as much processor time as all the rest of
 * an upload; what it guards against is somebody on the way changing them. Requests themselves are always signed.
 */
public enum PayloadSigning {
    /** Unless the channel protects the bytes: over {@code http} to another host. Not over {@code https}, not within this host. */
    AUTO,
    /** Always. */
    ALWAYS,
    /** Never: for storage networks that are trusted. Damage is still found by the snapshot's own digests. */
    NEVER
}
