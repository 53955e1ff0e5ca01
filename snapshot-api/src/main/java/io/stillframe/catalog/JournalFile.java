package io.stillframe.catalog;

import io.stillframe.internal.file.DurableFiles;
import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.internal.json.SealedJson;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.JournalEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One snapshot's journal: a header line and a line for each entry, each of them sealed JSON and ended by a newline. Only ever appended
 * to. What a crash can leave behind the last whole line (no newline, or blocks of zeros that were never written) is no entry, since
 * its append never returned; it is cut off by the next append. Anything else that does not fit is CORRUPT: a line that was
 * acknowledged must not vanish.
 *
 * @param file where it lies
 * @param snapshot whose journal it is
 */
record JournalFile(Path file, SnapshotId snapshot) {
    private static final String FORMAT = "stillframe-journal";
    private static final int VERSION = 1;
    private static final int LARGEST = 64 << 20;

    /**
     * What the file holds.
     *
     * @param entries in order
     * @param length bytes of whole lines; what follows is torn
     */
    private record Content(List<JournalEntry> entries, long length) {}

    List<JournalEntry> entries() throws IOException {
        return content().entries();
    }

    void append(JournalEntry entry) throws IOException {
        Content content = content();
        String lines = line(write(entry));
        if (content.length() == 0) {
            lines = line(header()) + lines;
        }
        byte[] bytes = lines.getBytes(StandardCharsets.US_ASCII);
        if (content.length() + bytes.length > LARGEST) {
            throw SnapshotException.invalid(
                    "the journal of snapshot " + snapshot + " would exceed " + LARGEST + " bytes");
        }
        DurableFiles.append(file, content.length(), bytes);
    }

    private Content content() throws IOException {
        if (Files.notExists(file)) {
            return new Content(List.of(), 0);
        }
        if (Files.size(file) > LARGEST) {
            throw SnapshotException.corrupt(document(0) + ": longer than " + LARGEST + " bytes");
        }
        // One byte is one character; what is no ASCII does not fit its seal.
        String text = new String(DurableFiles.read(file, LARGEST), StandardCharsets.ISO_8859_1);
        List<JournalEntry> entries = new ArrayList<>();
        int start = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
            String line = text.substring(start, end);
            if (line.indexOf('\0') >= 0 && text.indexOf('\n', end + 1) < 0) {
                break;
            }
            read(line, start == 0, entries);
            start = end + 1;
        }
        return new Content(entries, start);
    }

    private void read(String line, boolean isHeader, List<JournalEntry> entries) {
        String document = document(isHeader ? 1 : entries.size() + 2);
        JsonObject in = SealedJson.open(line, document);
        if (isHeader) {
            requireHeader(in, document);
        } else {
            JournalEntry entry = new JournalEntry(
                    snapshot,
                    in.number("sequence"),
                    in.number("epoch"),
                    in.text("step"),
                    in.constant("stage", JournalEntry.Stage.class),
                    in.text("detail"),
                    in.instant("at"));
            if (entry.sequence() != entries.size() + 1L) {
                throw SnapshotException.corrupt(
                        document + ": expected entry " + (entries.size() + 1) + ", found " + entry.sequence());
            }
            entries.add(entry);
        }
    }

    private void requireHeader(JsonObject in, String document) {
        if (!in.text("format").equals(FORMAT) || !in.text("snapshot").equals(snapshot.value())) {
            throw SnapshotException.corrupt(document + ": not the header of the journal of " + snapshot);
        }
        if (in.number("version") > VERSION) {
            throw SnapshotException.unsupported(document + ": written in version " + in.number("version")
                    + " of its format, this library reads up to " + VERSION + "; use a newer release");
        }
    }

    private String header() {
        return JsonWriter.write(
                out -> out.text("format", FORMAT).number("version", VERSION).text("snapshot", snapshot.value()));
    }

    private static String write(JournalEntry entry) {
        return JsonWriter.write(out -> out.number("sequence", entry.sequence())
                .number("epoch", entry.epoch())
                .text("step", entry.step())
                .constant("stage", entry.stage())
                .text("detail", entry.detail())
                .text("at", entry.at().toString()));
    }

    private static String line(String json) {
        return SealedJson.seal(json) + "\n";
    }

    private String document(int line) {
        return "journal " + file + (line > 0 ? ", line " + line : "");
    }
}
