package io.stillframe.spi;

import java.time.Instant;

/**
 * What a store says of an object.
 *
 * @param key its name
 * @param size its length in bytes
 * @param version changes whenever the object is replaced; compare for equality only
 * @param lastModified when it was published, by the store's clock
 */
public record ObjectStat(ObjectKey key, long size, String version, Instant lastModified) {}
