package io.stillframe.spi;

/**
 * All that another process needs to go on with an upload; a serialisable value without secrets.
 *
 * @param key the object being uploaded
 * @param layout how it is cut
 * @param state the store's own, opaque, at most 4 KiB
 */
public record UploadToken(ObjectKey key, PartLayout layout, String state) {}
