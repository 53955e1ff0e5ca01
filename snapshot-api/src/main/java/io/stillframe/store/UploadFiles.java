package io.stillframe.store;

import io.stillframe.internal.file.DurableFiles;
import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.internal.json.SealedJson;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The files of one unfinished upload, all named by its identity. The upload exists from the moment its session file does until that
 * file is removed; the lock is held by the one session that works on it.
 *
 * @param directory where uploads lie
 * @param id 12 hexadecimal digits of milliseconds and 16 random ones, so that names sort by age
 */
record UploadFiles(Path directory, String id) {
    private static final Pattern ID = Pattern.compile("[0-9a-f]{28}");
    private static final String FORMAT = "stillframe-upload";
    private static final int VERSION = 1;
    private static final int LARGEST_SESSION = 64 << 10;
    private static final SecureRandom RANDOM = new SecureRandom();

    static UploadFiles create(Path directory, Instant now) {
        HexFormat hex = HexFormat.of();
        String id = hex.toHexDigits(now.toEpochMilli()).substring(4) + hex.toHexDigits(RANDOM.nextLong());
        return new UploadFiles(directory, id);
    }

    /** The upload that a name belongs to, be it a file's or a token's; empty if it is none. */
    static Optional<UploadFiles> named(Path directory, String name) {
        int dot = name.indexOf('.');
        String id = dot < 0 ? name : name.substring(0, dot);
        return ID.matcher(id).matches() ? Optional.of(new UploadFiles(directory, id)) : Optional.empty();
    }

    Path lock() {
        return file("lock");
    }

    Path body() {
        return file("body");
    }

    Path parts() {
        return file("parts");
    }

    Path session() {
        return file("json");
    }

    /**
     * Makes the upload exist.
     *
     * @param durable whether it must outlast a crash of the machine
     */
    UnfinishedUpload begin(ObjectKey key, PartLayout layout, Instant now, boolean durable) throws IOException {
        UnfinishedUpload upload = new UnfinishedUpload(new UploadToken(key, layout, id), now);
        byte[] session = (SealedJson.seal(write(upload)) + "\n").getBytes(StandardCharsets.US_ASCII);
        if (durable) {
            DurableFiles.replace(session(), file("new"), session);
        } else {
            DurableFiles.write(file("new"), session);
            Files.move(file("new"), session(), StandardCopyOption.ATOMIC_MOVE);
        }
        return upload;
    }

    /** Whether there is anything that only the holder of the lock writes, and removes before the lock. */
    boolean isWritten() {
        return Files.exists(session()) || Files.exists(file("new")) || Files.exists(parts()) || Files.exists(body());
    }

    /** What the session file says; empty if there is none, CORRUPT if it cannot be read. */
    Optional<UnfinishedUpload> read() throws IOException {
        try {
            byte[] content = DurableFiles.read(session(), LARGEST_SESSION);
            String document = session().toString();
            return Optional.of(
                    read(SealedJson.open(new String(content, StandardCharsets.ISO_8859_1), document), document));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    static void createIfAbsent(Path file) throws IOException {
        try {
            if (Files.notExists(file)) {
                Files.createFile(file);
            }
        } catch (FileAlreadyExistsException e) {
            // As wanted.
        }
    }

    /** Ends the upload: its session file goes first, so that nobody takes the rest for an upload; the lock last. */
    void remove() throws IOException {
        Files.deleteIfExists(session());
        Files.deleteIfExists(file("new"));
        Files.deleteIfExists(parts());
        Files.deleteIfExists(body());
        Files.deleteIfExists(lock());
    }

    private Path file(String kind) {
        return directory.resolve(id + "." + kind);
    }

    private static String write(UnfinishedUpload upload) {
        UploadToken token = upload.token();
        return JsonWriter.write(out -> out.text("format", FORMAT)
                .number("version", VERSION)
                .text("key", token.key().value())
                .number("firstSize", token.layout().firstSize())
                .number("step", token.layout().step())
                .text("startedAt", upload.startedAt().toString()));
    }

    private UnfinishedUpload read(JsonObject in, String document) {
        if (!in.text("format").equals(FORMAT) || in.number("version") > VERSION) {
            throw SnapshotException.corrupt(document + ": not an upload's session of version " + VERSION);
        }
        ObjectKey key = in.converted("key", "an object's key", ObjectKey::new);
        PartLayout layout = new PartLayout(in.intNumber("firstSize"), in.intNumber("step"));
        return new UnfinishedUpload(new UploadToken(key, layout, id), in.instant("startedAt"));
    }
}
