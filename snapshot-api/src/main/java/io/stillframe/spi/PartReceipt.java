package io.stillframe.spi;

/**
 * A part that has arrived.
 *
 * @param number from 1
 * @param size bytes
 * @param tag the store's own tag of the part's content, e.g. an ETag
 */
public record PartReceipt(int number, long size, String tag) {}
