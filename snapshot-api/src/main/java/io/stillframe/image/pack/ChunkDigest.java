package io.stillframe.image.pack;

import io.stillframe.image.ContentDigest;
import io.stillframe.model.SnapshotException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The cryptographic digest of each chunk's raw bytes that an index records. Its number stands in the file. */
public enum ChunkDigest {
    /** None: frames have their CRC32C only, and a later incremental pack cannot compare by content. */
    NONE(0, 0, "none"),
    /**
     * SHA-256. With chunks of 1 MiB it is what the disk's content digest is made of, so that a stream which computes that one gives it
     * away for nothing, and the content digest follows from the index alone.
     */
    SHA_256(1, 32, "SHA-256"),
    /** SHA-512/256: the faster one on 64-bit processors without SHA instructions. */
    SHA_512_256(2, 32, "SHA-512/256");

    private final int number;
    private final int length;
    private final String algorithm;

    ChunkDigest(int number, int length, String algorithm) {
        this.number = number;
        this.length = length;
        this.algorithm = algorithm;
    }

    /** Its number in a file. */
    int number() {
        return number;
    }

    /** Bytes of one digest, 0 for none. */
    public int length() {
        return length;
    }

    /** Its usual name. */
    public String algorithm() {
        return algorithm;
    }

    /** A new computation of it; none for {@link #NONE}. */
    MessageDigest newComputation() {
        if (this == SHA_256) {
            return ContentDigest.sha256();
        }
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.UNSUPPORTED,
                    "this Java runtime lacks " + algorithm + "; choose another digest",
                    e);
        }
    }

    /** The one with that number in a file. */
    static ChunkDigest of(int number, String file) {
        for (ChunkDigest digest : values()) {
            if (digest.number == number) {
                return digest;
            }
        }
        throw SnapshotException.unsupported(file + ": its digest algorithm " + number + " is not known");
    }
}
