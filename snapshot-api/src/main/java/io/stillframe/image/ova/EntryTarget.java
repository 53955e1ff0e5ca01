package io.stillframe.image.ova;

import io.stillframe.image.FileTarget;
import io.stillframe.image.StreamTarget;
import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Takes one file of the archive and passes it on, with its SHA-256. For one thread at a time. */
final class EntryTarget implements StreamTarget {
    private final FileTarget archive;
    private final MessageDigest digest = sha256();

    EntryTarget(FileTarget archive) {
        this.archive = archive;
    }

    @Override
    public void begin(int headLength) {
        if (headLength != 0) {
            throw SnapshotException.unsupported("a disk of an OVA must be of a format that is written front to back");
        }
    }

    @Override
    public void body(ByteBuffer bytes) {
        digest.update(bytes.duplicate());
        archive.body(bytes);
    }

    @Override
    public void head(ByteBuffer head) {
        // There is none.
    }

    /** Lower-case hexadecimal digits; for one use. */
    String sum() {
        return HexFormat.of().formatHex(digest.digest());
    }

    static String sum(byte[] bytes) {
        return HexFormat.of().formatHex(sha256().digest(bytes));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
