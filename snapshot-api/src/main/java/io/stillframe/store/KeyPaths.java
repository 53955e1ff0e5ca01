package io.stillframe.store;

import io.stillframe.internal.file.SafeNames;
import io.stillframe.spi.ObjectKey;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Keys as paths below a store's directory, and back; the mapping is described in {@code docs/formats/file-store.md}. A key's last segment
 * is a file whose name holds a dot, the others are directories whose names hold none, so that {@code a} and {@code a/b} can both
 * exist. No name starts with a dot: the store's own files do.
 */
final class KeyPaths {
    /** A longer segment is cut: what is before lies in a directory whose name ends with {@code %}. */
    private static final int LONGEST_PIECE = 64;

    private static final String CONTINUED = "%";
    private static final String DOTLESS = ".%";

    private KeyPaths() {}

    static Path resolve(Path root, ObjectKey key) {
        Path path = root;
        String[] segments = key.value().split("/", -1);
        for (int i = 0; i < segments.length; i++) {
            byte[] rest = segments[i].getBytes(StandardCharsets.UTF_8);
            while (rest.length > LONGEST_PIECE) {
                path = path.resolve(SafeNames.escape(Arrays.copyOf(rest, LONGEST_PIECE), false) + CONTINUED);
                rest = Arrays.copyOfRange(rest, LONGEST_PIECE, rest.length);
            }
            boolean last = i == segments.length - 1;
            path = path.resolve(last ? fileName(rest) : SafeNames.escape(rest, false));
        }
        return path;
    }

    /** Whether a name is one of a file that holds an object, by its form. */
    static boolean isFileName(String name) {
        return name.indexOf('.') > 0;
    }

    /** The key's bytes up to the end of a file's name; empty if the store does not write such a name. */
    static Optional<byte[]> afterFile(byte[] prefix, String name) {
        boolean dotless = name.endsWith(DOTLESS);
        String escaped = dotless ? name.substring(0, name.length() - DOTLESS.length()) : name;
        return SafeNames.unescape(escaped, true)
                .filter(bytes -> fileName(bytes).equals(name) && fits(bytes))
                .map(bytes -> concat(prefix, bytes, ""));
    }

    /** The start that all keys below a directory share; empty if the store does not write such a name. */
    static Optional<byte[]> afterDirectory(byte[] prefix, String name) {
        boolean continued = name.endsWith(CONTINUED);
        String escaped = continued ? name.substring(0, name.length() - 1) : name;
        return SafeNames.unescape(escaped, false)
                .filter(bytes -> fits(bytes) && (!continued || bytes.length == LONGEST_PIECE))
                .map(bytes -> concat(prefix, bytes, continued ? "" : "/"));
    }

    private static boolean fits(byte[] piece) {
        return piece.length >= 1 && piece.length <= LONGEST_PIECE;
    }

    private static String fileName(byte[] piece) {
        String name = SafeNames.escape(piece, true);
        return name.indexOf('.') < 0 ? name + DOTLESS : name;
    }

    private static byte[] concat(byte[] prefix, byte[] bytes, String suffix) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.writeBytes(prefix);
        joined.writeBytes(bytes);
        joined.writeBytes(suffix.getBytes(StandardCharsets.US_ASCII));
        return joined.toByteArray();
    }
}
