package io.stillframe.internal.file;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * File names that every file system takes and keeps apart, also those that ignore case, normalise Unicode, or reserve device names.
 * The bytes {@code a-z 0-9 _ - + = @ ,} stand for themselves, a dot does where it is allowed and is neither first nor last; every other
 * byte of the UTF-8 is {@code %} and two lower-case hexadecimal digits, and so is the first byte of a name that Windows reserves for
 * a device, such as {@code con} or {@code lpt1}. Each text has exactly one name. Stateless.
 */
public final class SafeNames {
    /** Longest name of {@link #ofText}. */
    private static final int LONGEST = 200;

    private static final Pattern DEVICE = Pattern.compile("(con|prn|aux|nul|com[0-9]|lpt[0-9])(\\..*)?");
    private static final HexFormat HEX = HexFormat.of();

    private SafeNames() {}

    /** The name of some bytes, at most three times as long. */
    public static String escape(byte[] bytes, boolean dotsAllowed) {
        StringBuilder name = new StringBuilder(bytes.length + 8);
        for (int i = 0; i < bytes.length; i++) {
            boolean inner = i > 0 && i < bytes.length - 1;
            if (isPlain(bytes[i]) || (bytes[i] == '.' && dotsAllowed && inner)) {
                name.append((char) bytes[i]);
            } else {
                name.append('%').append(HEX.toHexDigits(bytes[i]));
            }
        }
        if (DEVICE.matcher(name).matches()) {
            name.replace(0, 1, "%" + HEX.toHexDigits(bytes[0]));
        }
        return name.toString();
    }

    /** The bytes of a name; empty if it is not one that {@link #escape} gives. */
    public static Optional<byte[]> unescape(String name, boolean dotsAllowed) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(name.length());
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c != '%') {
                bytes.write(c);
            } else if (i + 2 < name.length()
                    && HexFormat.isHexDigit(name.charAt(i + 1))
                    && HexFormat.isHexDigit(name.charAt(i + 2))) {
                bytes.write(HexFormat.fromHexDigits(name, i + 1, i + 3));
                i += 2;
            } else {
                return Optional.empty();
            }
        }
        byte[] result = bytes.toByteArray();
        return escape(result, dotsAllowed).equals(name) ? Optional.of(result) : Optional.empty();
    }

    /** A name without dots for any text: escaped, or if that is too long, {@code %%} and the SHA-256 of its UTF-16 code units,
     * each big-endian.
     */
    public static String ofText(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        boolean exact = new String(utf8, StandardCharsets.UTF_8).equals(text);
        String escaped = exact && utf8.length <= LONGEST ? escape(utf8, false) : "";
        if (!escaped.isEmpty() && escaped.length() <= LONGEST) {
            return escaped;
        }
        return "%%" + HEX.formatHex(sha256(codeUnits(text)));
    }

    private static boolean isPlain(byte b) {
        return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || "_-+=@,".indexOf(b) >= 0;
    }

    /** Not by a charset, which would make all halves of surrogate pairs the same. */
    private static byte[] codeUnits(String text) {
        ByteBuffer units = ByteBuffer.allocate(text.length() * Character.BYTES);
        units.asCharBuffer().put(text);
        return units.array();
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
