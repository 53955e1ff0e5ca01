package io.stillframe.internal.json;

import io.stillframe.model.SnapshotException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * JSON text that carries its own checksum and is still JSON: its last field is {@code "crc32c"}, eight lower-case hexadecimal digits, the
 * CRC-32C of all bytes before the comma in front of that field. Stateless.
 */
public final class SealedJson {
    private static final Pattern SEAL = Pattern.compile(",\"crc32c\":\"([0-9a-f]{8})\"\\}");
    private static final int SEAL_LENGTH = ",\"crc32c\":\"00000000\"}".length();

    private SealedJson() {}

    /**
     * Seals a text.
     *
     * @param json an object with at least one field, as {@link JsonWriter} writes it
     */
    public static String seal(String json) {
        String body = json.substring(0, json.length() - 1);
        return body + ",\"crc32c\":\"" + crc(body) + "\"}";
    }

    /**
     * Reads a sealed text.
     *
     * @param document what it is, for messages, e.g. a file's name
     * @throws SnapshotException CORRUPT if the seal is missing or does not fit, or as {@link JsonObject#parse}
     */
    public static JsonObject open(String sealed, String document) {
        return JsonObject.parse(unseal(sealed, document), document);
    }

    /** The text that was sealed; throws as {@link #open}. */
    public static String unseal(String sealed, String document) {
        String text = sealed.stripTrailing();
        int end = Math.max(0, text.length() - SEAL_LENGTH);
        Matcher seal = SEAL.matcher(text.substring(end));
        String body = text.substring(0, end);
        if (!seal.matches() || !seal.group(1).equals(crc(body))) {
            throw SnapshotException.corrupt(
                    document + ": its checksum is missing or does not fit its " + text.length() + " characters");
        }
        return body + "}";
    }

    private static String crc(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }
}
