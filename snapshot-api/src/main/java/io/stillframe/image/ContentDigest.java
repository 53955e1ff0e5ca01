package io.stillframe.image;

import io.stillframe.model.Digest;
import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Computes a disk's {@code sha256-1m} content digest, as {@link Digest} defines it, from the SHA-256 of each 1 MiB chunk that is not
 * all zero. The chunks' own digests can be computed anywhere and in any order; they are added in disk order. For one thread at a time.
 */
public final class ContentDigest {
    /** Bytes of disk in one chunk of the digest. */
    public static final int CHUNK = 1 << 20;

    /** Bytes of one chunk's SHA-256. */
    public static final int CHUNK_DIGEST = 32;

    private final MessageDigest sha = sha256();
    private final ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
    private final long virtualSize;
    private long next;

    /**
     * Starts the digest of a disk.
     *
     * @param virtualSize bytes of the disk, at least 0
     */
    public ContentDigest(long virtualSize) {
        if (virtualSize < 0) {
            throw SnapshotException.invalid("virtual size " + virtualSize + " must be at least 0 bytes");
        }
        this.virtualSize = virtualSize;
        addNumber(virtualSize);
    }

    /**
     * Adds a chunk that is not all zero.
     *
     * @param index the chunk's position divided by {@link #CHUNK}, larger than the last one added
     * @param digests holds the chunk's SHA-256
     * @param offset where it begins in {@code digests}
     */
    public void add(long index, byte[] digests, int offset) {
        if (index < next || index > (virtualSize - 1) / CHUNK) {
            throw SnapshotException.invalid("chunk " + index + " of the content digest must be from " + next
                    + " on and within a disk of " + virtualSize + " bytes");
        }
        next = index + 1;
        addNumber(index);
        sha.update(digests, offset, CHUNK_DIGEST);
    }

    /** Ends the digest; it takes no more chunks. */
    public Digest finish() {
        return new Digest(Digest.CONTENT, HexFormat.of().formatHex(sha.digest()));
    }

    /** A new SHA-256, for a chunk's own digest. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw SnapshotException.permanent("this Java runtime lacks SHA-256, which every one must have", e);
        }
    }

    private void addNumber(long value) {
        sha.update(number.putLong(0, value).array());
    }
}
