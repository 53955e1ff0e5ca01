package io.stillframe.model;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.regex.Pattern;

/**
 * A snapshot's identity: {@code snap-} and 26 characters of Crockford's base 32 in lower case, 48 bits of creation time in
 * milliseconds followed by 80 random bits, so that identities sort by creation. Safe as a file name and as part of an object key.
 *
 * @param value the whole identity
 */
public record SnapshotId(String value) implements Comparable<SnapshotId> {
    private static final Pattern FORM = Pattern.compile("snap-[0-9a-hjkmnp-tv-z]{26}");
    private static final String ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
    private static final SecureRandom RANDOM = new SecureRandom();

    public SnapshotId {
        if (!FORM.matcher(value).matches()) {
            throw SnapshotException.invalid("'" + clip(value)
                    + "' is no snapshot id: expected 'snap-' and 26 characters of 0-9 a-z without i l o u");
        }
    }

    /** A new identity for a snapshot requested at {@code now}. */
    public static SnapshotId create(Instant now) {
        byte[] random = new byte[10];
        RANDOM.nextBytes(random);
        StringBuilder text = new StringBuilder("snap-");
        long time = now.toEpochMilli() & 0xFFFF_FFFF_FFFFL;
        for (int shift = 45; shift >= 0; shift -= 5) {
            text.append(ALPHABET.charAt((int) (time >>> shift) & 31));
        }
        long bits = 0;
        int held = 0;
        for (byte b : random) {
            bits = bits << 8 | (b & 0xFF);
            held += 8;
            while (held >= 5) {
                held -= 5;
                text.append(ALPHABET.charAt((int) (bits >>> held) & 31));
            }
        }
        return new SnapshotId(text.toString());
    }

    /** When it was created, to the millisecond, as its maker's clock said. */
    public Instant createdAt() {
        long time = 0;
        for (int i = "snap-".length(); i < "snap-".length() + 10; i++) {
            time = time << 5 | ALPHABET.indexOf(value.charAt(i));
        }
        return Instant.ofEpochMilli(time);
    }

    @Override
    public int compareTo(SnapshotId other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }

    private static String clip(String text) {
        return text.length() <= 64 ? text : text.substring(0, 64) + "…";
    }
}
