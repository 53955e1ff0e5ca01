package io.stillframe.spi;

/**
 * A record and the lease under which it may be changed.
 *
 * @param record as it was when the lease was granted
 * @param lease just granted
 */
public record TakenRecord(CatalogRecord record, Lease lease) {}
