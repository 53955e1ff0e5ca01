package io.stillframe.image.pack;

import io.stillframe.model.SnapshotException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * A pack's identity: the SHA-256 of its index, so that equal packs have equal identities and, with a digest for each chunk, the identity
 * stands for the content.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record PackId(String hex) {
    static final int LENGTH = 32;
    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

    public PackId {
        if (!HEX.matcher(hex).matches()) {
            throw SnapshotException.invalid("a pack's identity is 64 lower-case hexadecimal digits, got " + hex.length()
                    + " characters of something else");
        }
    }

    static PackId of(byte[] bytes) {
        return new PackId(HexFormat.of().formatHex(bytes));
    }

    byte[] bytes() {
        return HexFormat.of().parseHex(hex);
    }

    @Override
    public String toString() {
        return hex;
    }
}
