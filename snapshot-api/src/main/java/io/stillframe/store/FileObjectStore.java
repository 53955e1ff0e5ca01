package io.stillframe.store;

import io.stillframe.internal.file.DurableFiles;
import io.stillframe.internal.file.FileFaults;
import io.stillframe.internal.json.JsonObject;
import io.stillframe.internal.json.JsonWriter;
import io.stillframe.internal.json.SealedJson;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The embedded object store: a directory on a local file system of any operating system. An object is one plain file with the object's
 * bytes and nothing else, at a path that follows from its key (see {@code docs/formats/file-store.md}), so that other tools can read it
 * in place. Any number of store objects, threads and processes may use the same directory at once.
 *
 * <p>An object is written under a temporary name, made durable, and only then given its own name in one step: it is whole or absent,
 * also after a crash or on a full disk, and of several writers with {@link PublishMode#CREATE_IF_ABSENT} exactly one succeeds, among
 * processes too. Parts of an upload are written side by side at their place in that file, so that completing costs no copy. An upload
 * that a killed process left is found by {@link #listUploads} and can be resumed, its parts being verified first, or aborted; while a
 * living process works on it, {@link #resumeUpload} throws CONFLICT. Symbolic links below the directory are not followed.
 *
 * <p>Content types and expiry times are not kept. Where the file system has no hard links, create-if-absent is not declared and checked
 * just before publishing. Methods throw PERMANENT when the file system refuses (full, read-only, no access) and TRANSIENT when the
 * process has too many files open. Interrupts do not break calls. Safe for use by several threads.
 */
public final class FileObjectStore implements ObjectStore {
    private static final int MOST_PARTS = 1_000_000;
    private static final String FORMAT = "stillframe-file-store";
    private static final int VERSION = 1;

    private final StoreDirectory objects;
    private final UploadArea uploads;
    private final StoreCapabilities capabilities;

    private FileObjectStore(Path root, Path uploads, boolean links, Clock clock) {
        this.capabilities = new StoreCapabilities(features(links), 1, Integer.MAX_VALUE, MOST_PARTS, Long.MAX_VALUE);
        this.objects = new StoreDirectory(root, links);
        this.uploads = new UploadArea(uploads, objects, capabilities, clock);
    }

    /**
     * Opens the store in a directory.
     *
     * @param directory created if it does not exist, then with access for its owner only; may be a symbolic link
     * @return closed by the caller
     * @throws SnapshotException PERMANENT if the directory cannot be used; UNSUPPORTED if a newer release wrote it
     */
    public static FileObjectStore open(Path directory) {
        return open(directory, Clock.systemUTC());
    }

    /** The same on another clock, which dates unfinished uploads. */
    public static FileObjectStore open(Path directory, Clock clock) {
        try {
            DurableFiles.createPrivateDirectories(directory);
            Path root = directory.toRealPath();
            Path own = root.resolve(".stillframe");
            Path uploads = own.resolve("uploads");
            DurableFiles.createDirectory(own);
            DurableFiles.createDirectory(uploads);
            requireReadable(own);
            return new FileObjectStore(root, uploads, hasLinks(own), clock);
        } catch (IOException e) {
            throw FileFaults.of("cannot open the store " + directory, e);
        }
    }

    /** The directory as a {@code file:} URI. */
    @Override
    public String uri() {
        return objects.root().toUri().toString();
    }

    @Override
    public StoreCapabilities capabilities() {
        return capabilities;
    }

    @Override
    public Optional<ObjectStat> stat(ObjectKey key) {
        try {
            return objects.stat(key);
        } catch (IOException e) {
            throw FileFaults.of("cannot look at object " + key, e);
        }
    }

    @Override
    public ByteSource open(ObjectKey key) {
        try {
            return FileSource.open(objects, key)
                    .orElseThrow(() -> SnapshotException.notFound("object " + key + " is not in " + uri()));
        } catch (IOException e) {
            throw FileFaults.of("cannot open object " + key, e);
        }
    }

    @Override
    public PublishOutcome put(ObjectKey key, ByteBuffer bytes, PublishMode mode, UploadOptions options) {
        StoreArguments.requirePut(key, bytes);
        PartLayout layout = PartLayout.fixed(Math.max(1, bytes.remaining()));
        try (FileUpload upload = uploads.begin(key, layout, false)) {
            List<PartReceipt> parts = bytes.hasRemaining() ? List.of(upload.putPart(1, bytes)) : List.of();
            return upload.complete(parts, mode);
        } catch (IOException e) {
            throw FileFaults.of("cannot put object " + key, e);
        }
    }

    @Override
    public UploadSession beginUpload(ObjectKey key, PartLayout layout, UploadOptions options) {
        StoreArguments.requireLayout(layout, capabilities);
        try {
            return uploads.begin(key, layout, true);
        } catch (IOException e) {
            throw FileFaults.of("cannot begin the upload of object " + key, e);
        }
    }

    /** {@inheritDoc} CONFLICT while another session, in this or another process, works on it. */
    @Override
    public UploadSession resumeUpload(UploadToken token) {
        try {
            return uploads.resume(token);
        } catch (IOException e) {
            throw FileFaults.of("cannot resume the upload of object " + token.key(), e);
        }
    }

    @Override
    public Page<ObjectStat> list(String prefix, Optional<String> after, int limit) {
        StoreArguments.requireLimit(limit);
        try {
            KeyWalk walk = new KeyWalk(objects.root(), prefix, after);
            List<ObjectStat> items = new ArrayList<>();
            Optional<KeyWalk.Entry> entry = walk.next();
            while (entry.isPresent() && items.size() < limit) {
                objects.stat(entry.get().key(), entry.get().path()).ifPresent(items::add);
                entry = walk.next();
            }
            boolean more = entry.isPresent() && !items.isEmpty();
            return new Page<>(
                    items, more ? Optional.of(items.get(items.size() - 1).key().value()) : Optional.empty());
        } catch (IOException e) {
            throw FileFaults.of("cannot list " + uri(), e);
        }
    }

    /** {@inheritDoc} Goes on with the others when one stays, and fails with the first one's fault then. */
    @Override
    public void delete(Collection<ObjectKey> keys) {
        List<SnapshotException> faults = new ArrayList<>();
        Set<Path> changed = new LinkedHashSet<>();
        for (ObjectKey key : keys) {
            attempt("delete object " + key, () -> objects.delete(key).ifPresent(changed::add))
                    .ifPresent(faults::add);
        }
        for (Path directory : changed) {
            attempt("make the deletion of objects durable", () -> StoreDirectory.sync(directory))
                    .ifPresent(faults::add);
        }
        if (!faults.isEmpty()) {
            SnapshotException first = faults.get(0);
            faults.stream().skip(1).forEach(first::addSuppressed);
            throw first;
        }
    }

    @Override
    public Page<UnfinishedUpload> listUploads(String prefix, Optional<String> after, int limit) {
        StoreArguments.requireLimit(limit);
        try {
            return uploads.list(prefix, after, limit);
        } catch (IOException e) {
            throw FileFaults.of("cannot list the unfinished uploads of " + uri(), e);
        }
    }

    /** Does nothing: files are open only as long as their sources and uploads are. */
    @Override
    public void close() {}

    private static Optional<SnapshotException> attempt(String what, FileWork work) {
        try {
            work.run();
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(FileFaults.of("cannot " + what, e));
        }
    }

    @FunctionalInterface
    private interface FileWork {
        void run() throws IOException;
    }

    private static Set<StoreCapability> features(boolean links) {
        Set<StoreCapability> features = EnumSet.of(StoreCapability.RESUME, StoreCapability.LIST_UPLOADS);
        if (links) {
            features.add(StoreCapability.CREATE_IF_ABSENT);
            features.add(StoreCapability.CREATE_IF_ABSENT_ON_COMPLETE);
        }
        return features;
    }

    private static void requireReadable(Path own) throws IOException {
        Path marker = own.resolve("store.json");
        if (Files.notExists(marker)) {
            String text = SealedJson.seal(
                    JsonWriter.write(out -> out.text("format", FORMAT).number("version", VERSION)));
            Path temporary = own.resolve(UUID.randomUUID() + ".new");
            DurableFiles.replace(marker, temporary, (text + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        String text = new String(DurableFiles.read(marker, 4096), StandardCharsets.ISO_8859_1);
        JsonObject found = SealedJson.open(text, marker.toString());
        if (found.number("version") > VERSION) {
            throw SnapshotException.unsupported(marker + ": the store has version " + found.number("version")
                    + ", this library reads up to " + VERSION + "; use a newer release");
        }
    }

    /** Tries it, since no file system says so. */
    private static boolean hasLinks(Path own) {
        Path file = own.resolve(UUID.randomUUID() + ".new");
        Path link = own.resolve(UUID.randomUUID() + ".new");
        try {
            Files.createFile(file);
            try {
                Files.createLink(link, file);
                Files.delete(link);
                return true;
            } finally {
                Files.delete(file);
            }
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
