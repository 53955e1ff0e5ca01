package io.stillframe.store;

import io.stillframe.internal.file.PositionalFile;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * The parts of an upload that have arrived: a line for each, {@code number size crc-of-part crc-of-line}, appended after its bytes were
 * written to the body. Not made durable by itself: who resumes the upload checks every part against the body.
 */
final class PartsFile {
    private static final Pattern LINE =
            Pattern.compile("(([1-9][0-9]{0,9}) ([1-9][0-9]{0,9}) ([0-9a-f]{8})) ([0-9a-f]{8})");
    private static final int LARGEST = 256 << 20;
    private static final int SLICE = 1 << 20;

    private final PositionalFile file;

    /** @param file owned by the caller */
    PartsFile(PositionalFile file) {
        this.file = file;
    }

    static PartReceipt receipt(int number, ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        int size = bytes.remaining();
        crc.update(bytes.duplicate());
        return new PartReceipt(number, size, hex(crc));
    }

    /** Notes a part; for one thread at a time. */
    void add(PartReceipt part) throws IOException {
        String text = part.number() + " " + part.size() + " " + part.tag();
        file.append(ByteBuffer.wrap((text + " " + crc(text) + "\n").getBytes(StandardCharsets.US_ASCII)));
    }

    /** The parts that were noted and whose bytes are in the body. */
    Map<Integer, PartReceipt> verified(PositionalFile body, PartLayout layout) throws IOException {
        Map<Integer, PartReceipt> parts = noted();
        ByteBuffer slice = ByteBuffer.allocate(SLICE);
        for (PartReceipt part : parts.values().toArray(PartReceipt[]::new)) {
            if (!matches(part, body, layout, slice)) {
                parts.remove(part.number());
            }
        }
        return parts;
    }

    private Map<Integer, PartReceipt> noted() throws IOException {
        ByteBuffer content = ByteBuffer.allocate((int) Math.min(file.size(), LARGEST));
        file.read(0, content);
        Map<Integer, PartReceipt> parts = new TreeMap<>();
        for (String line : new String(content.array(), StandardCharsets.ISO_8859_1).split("\n")) {
            Matcher fields = LINE.matcher(line);
            // A line that a crash left torn stands for a part that is sent again.
            if (fields.matches() && crc(fields.group(1)).equals(fields.group(5))) {
                add(parts, fields);
            }
        }
        return parts;
    }

    private static void add(Map<Integer, PartReceipt> parts, Matcher fields) {
        long number = Long.parseLong(fields.group(2));
        if (number <= Integer.MAX_VALUE) {
            parts.put((int) number, new PartReceipt((int) number, Long.parseLong(fields.group(3)), fields.group(4)));
        }
    }

    private static boolean matches(PartReceipt part, PositionalFile body, PartLayout layout, ByteBuffer slice)
            throws IOException {
        CRC32C crc = new CRC32C();
        long position = layout.offsetOf(part.number());
        long left = part.size();
        try {
            while (left > 0) {
                slice.clear().limit((int) Math.min(left, SLICE));
                body.read(position, slice);
                crc.update(slice.flip());
                position += slice.limit();
                left -= slice.limit();
            }
            return hex(crc).equals(part.tag());
        } catch (EOFException e) {
            return false;
        }
    }

    private static String crc(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.US_ASCII));
        return hex(crc);
    }

    private static String hex(CRC32C crc) {
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }
}
