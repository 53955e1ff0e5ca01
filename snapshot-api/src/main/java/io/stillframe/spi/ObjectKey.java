package io.stillframe.spi;

import io.stillframe.model.SnapshotException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * An object's name within a store, below the store's own prefix: 1 to 512 bytes of UTF-8 in segments parted by single slashes. No
 * segment is empty, {@code .} or {@code ..}; no control character, no backslash.
 *
 * @param value the name
 */
public record ObjectKey(String value) implements Comparable<ObjectKey> {
    /** Longest name in bytes of UTF-8. */
    public static final int LONGEST = 512;

    public ObjectKey {
        int length = value.getBytes(StandardCharsets.UTF_8).length;
        if (length < 1 || length > LONGEST) {
            throw SnapshotException.invalid("an object key needs 1 to " + LONGEST + " bytes, got " + length);
        }
        requireNoControlOrLoneSurrogate(value);
        for (String segment : value.split("/", -1)) {
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
                throw SnapshotException.invalid("an object key must not hold an empty, '.' or '..' segment");
            }
        }
    }

    public static ObjectKey of(String value) {
        return new ObjectKey(value);
    }

    /** In the order of their UTF-8 bytes, which is the order of listings. */
    @Override
    public int compareTo(ObjectKey other) {
        return Arrays.compareUnsigned(
                value.getBytes(StandardCharsets.UTF_8), other.value.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return value;
    }

    private static void requireNoControlOrLoneSurrogate(String value) {
        value.codePoints().forEach(c -> {
            boolean loneSurrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
            if (Character.isISOControl(c) || c == '\\' || loneSurrogate) {
                throw SnapshotException.invalid(
                        "an object key must not hold a control character, a backslash or half a surrogate pair");
            }
        });
    }
}
