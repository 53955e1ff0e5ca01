package io.stillframe.model;

import java.util.regex.Pattern;

/** What names may look like, checked wherever one enters. */
public final class Names {
    private static final Pattern INSTANCE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.+:@-]{0,127}");
    private static final Pattern TOKEN = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
    private static final Pattern DEVICE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,31}");

    private Names() {}

    /**
     * A name that a person gives: 1 to 255 characters without control characters, not blank.
     *
     * @return the name
     * @throws SnapshotException INVALID otherwise
     */
    public static String label(String what, String name) {
        if (name.isBlank() || name.length() > 255 || name.chars().anyMatch(Character::isISOControl)) {
            throw SnapshotException.invalid(
                    what + " needs 1 to 255 characters, none of them a control character, got " + name.length());
        }
        return name;
    }

    /** An instance's name: 1 to 128 of letters, digits and {@code _ . + : @ -}, the first a letter or digit. */
    public static String instance(String name) {
        return matching(
                INSTANCE, "an instance's name", "1 to 128 of A-Z a-z 0-9 _ . + : @ -, first a letter or digit", name);
    }

    /** A tenant's name: 1 to 128 of letters, digits and {@code _ . + : @ -}, the first a letter or digit. */
    public static String tenant(String name) {
        return matching(
                INSTANCE, "a tenant's name", "1 to 128 of A-Z a-z 0-9 _ . + : @ -, first a letter or digit", name);
    }

    /** A plugin's, codec's or region's name: 1 to 64 of lower-case letters, digits and {@code . _ -}. */
    public static String token(String what, String name) {
        return matching(TOKEN, what, "1 to 64 of a-z 0-9 . _ -, first a letter or digit", name);
    }

    /** An idempotency token: 1 to 255 printable ASCII characters without space. */
    public static String idempotencyToken(String token) {
        if (token.isEmpty() || token.length() > 255 || !token.chars().allMatch(c -> c > 32 && c < 127)) {
            throw SnapshotException.invalid(
                    "an idempotency token needs 1 to 255 printable ASCII characters without space, got "
                            + token.length());
        }
        return token;
    }

    /** A disk's device name on its instance, e.g. {@code vda}. */
    public static String device(String name) {
        return matching(DEVICE, "a disk's device name", "1 to 32 of A-Z a-z 0-9 _ -, first a letter or digit", name);
    }

    private static String matching(Pattern form, String what, String expected, String name) {
        if (!form.matcher(name).matches()) {
            String shown = name.length() <= 64 ? name : name.substring(0, 64) + "…";
            throw SnapshotException.invalid(what + " needs " + expected + ", got '" + shown + "'");
        }
        return name;
    }
}
