package io.stillframe.spi;

import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Digests of one part's bytes, each computed when it is first asked for, and once however many stores ask. Reads the bytes where they
 * are: valid as long as they stay what they are. Safe for use by several threads.
 */
public final class PartDigests {
    private final ByteBuffer bytes;
    private final Map<String, byte[]> computed = new ConcurrentHashMap<>();

    private PartDigests(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    /**
     * Computes nothing yet.
     *
     * @param bytes from position to limit; neither copied nor moved
     */
    public static PartDigests of(ByteBuffer bytes) {
        return new PartDigests(bytes.duplicate());
    }

    /**
     * The digest by an algorithm of {@link MessageDigest}'s, e.g. {@code MD5}; the caller's to change.
     *
     * @throws SnapshotException UNSUPPORTED if this Java does not have it
     */
    public byte[] digest(String algorithm) {
        return computed.computeIfAbsent(algorithm, this::compute).clone();
    }

    private byte[] compute(String algorithm) {
        try {
            MessageDigest digest = MessageDigest.getInstance(algorithm);
            digest.update(bytes.duplicate());
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw SnapshotException.unsupported("this Java has no digest " + algorithm);
        }
    }
}
