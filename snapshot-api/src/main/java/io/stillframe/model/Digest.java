package io.stillframe.model;

import java.util.regex.Pattern;

/**
 * A digest with its algorithm, written {@code algorithm:hex}.
 *
 * <p>{@code sha256-1m} is the digest of a disk's content as the guest sees it, whatever the format it is stored in: SHA-256 over,
 * in order, the virtual size as 8 bytes big-endian and, for each 1 MiB chunk (the last one may be shorter) that is not all zero,
 * its index as 8 bytes big-endian followed by the SHA-256 of its bytes. Chunks that are all zero are left out, so that holes and
 * written zeros are the same content and cost nothing. {@code crc32c} is the Castagnoli CRC of a stored object's bytes in order.
 *
 * @param algorithm lower-case letters, digits and dashes
 * @param hex lower-case hexadecimal digits, an even number of them
 */
public record Digest(String algorithm, String hex) {
    private static final Pattern ALGORITHM = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");
    private static final Pattern HEX = Pattern.compile("([0-9a-f]{2}){1,128}");

    /** The content digest's algorithm. */
    public static final String CONTENT = "sha256-1m";

    /** The stored bytes' checksum algorithm. */
    public static final String STORED = "crc32c";

    public Digest {
        if (!ALGORITHM.matcher(algorithm).matches() || !HEX.matcher(hex).matches()) {
            throw SnapshotException.invalid("a digest is 'algorithm:hex', got " + algorithm.length() + " and "
                    + hex.length() + " characters of something else");
        }
    }

    /** Reads {@code algorithm:hex}. */
    public static Digest parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw SnapshotException.invalid("a digest is 'algorithm:hex', got no colon");
        }
        return new Digest(text.substring(0, colon), text.substring(colon + 1));
    }

    @Override
    public String toString() {
        return algorithm + ":" + hex;
    }
}
