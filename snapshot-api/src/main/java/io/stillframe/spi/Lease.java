package io.stillframe.spi;

import java.time.Instant;

/**
 * The exclusive right to work on something for a while.
 *
 * @param resource on what, e.g. a snapshot's identity
 * @param owner who, for people: host, process and service
 * @param epoch grows with every new owner of the resource; writes under an older epoch are refused
 * @param expiresAt when it ends unless renewed, by the catalog's clock
 */
public record Lease(String resource, String owner, long epoch, Instant expiresAt) {}
