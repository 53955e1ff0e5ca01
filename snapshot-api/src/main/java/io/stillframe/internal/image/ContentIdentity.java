package io.stillframe.internal.image;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Makes the unique identifiers that a format asks for out of what is written, so that the same disk gives the same image and another disk
 * other identifiers. For one thread at a time.
 */
public final class ContentIdentity {
    private final MessageDigest digest;
    private final ByteBuffer entry = ByteBuffer.allocate(Long.BYTES + Integer.BYTES);

    public ContentIdentity(String format, long virtualSize) {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        digest.update(format.getBytes(StandardCharsets.US_ASCII));
        digest.update(entry.putLong(0, virtualSize).array());
    }

    /** Adds a chunk that has data. */
    public void add(PlainChunk chunk) {
        entry.putLong(0, chunk.position()).putInt(Long.BYTES, chunk.checksum());
        digest.update(entry.array());
    }

    /** Ends it: a UUID of version 8 (RFC 9562) for each purpose, as its 16 bytes. */
    public Ids finish() {
        return new Ids(digest.digest());
    }

    /** Identifiers of one image. */
    public static final class Ids {
        private final byte[] seed;

        private Ids(byte[] seed) {
            this.seed = seed;
        }

        /** The identifier for a purpose from 0 to 255. */
        public byte[] of(int purpose) {
            byte[] id;
            try {
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                digest.update(seed);
                digest.update((byte) purpose);
                id = java.util.Arrays.copyOf(digest.digest(), 16);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has SHA-256", e);
            }
            id[6] = (byte) ((id[6] & 0x0f) | 0x80);
            id[8] = (byte) ((id[8] & 0x3f) | 0x80);
            return id;
        }
    }
}
