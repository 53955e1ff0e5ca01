package io.stillframe.image.vhdx;

import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * A GUID as it lies in a file, as two little-endian numbers.
 *
 * @param first its first eight bytes
 * @param second its last eight bytes
 */
record Guid(long first, long second) {
    static final Guid NONE = new Guid(0, 0);

    static Guid of(String text) {
        return of(UUID.fromString(text));
    }

    /** The first three fields are little-endian in a file, the rest is a row of bytes. */
    static Guid of(UUID uuid) {
        long high = uuid.getMostSignificantBits();
        long first = (high >>> 32) | (((high >>> 16) & 0xffff) << 32) | (high << 48);
        return new Guid(first, Long.reverseBytes(uuid.getLeastSignificantBits()));
    }

    /** @param uuid 16 bytes in the order of a UUID's text */
    static Guid of(byte[] uuid) {
        ByteBuffer bytes = ByteBuffer.wrap(uuid);
        return of(new UUID(bytes.getLong(), bytes.getLong()));
    }

    /** @param bytes little-endian */
    static Guid read(ByteBuffer bytes, int at) {
        return new Guid(bytes.getLong(at), bytes.getLong(at + Long.BYTES));
    }

    /** @param bytes little-endian */
    void write(ByteBuffer bytes, int at) {
        bytes.putLong(at, first).putLong(at + Long.BYTES, second);
    }

    @Override
    public String toString() {
        long high = (first << 32) | (((first >>> 32) & 0xffff) << 16) | (first >>> 48);
        return new UUID(high, Long.reverseBytes(second)).toString();
    }
}
