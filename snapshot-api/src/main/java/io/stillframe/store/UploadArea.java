package io.stillframe.store;

import io.stillframe.internal.file.DurableFiles;
import io.stillframe.internal.file.ProcessLock;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;

/** Where a file store keeps its unfinished uploads. Safe for use by several threads and processes. */
final class UploadArea {
    /** Each failure needs another one that looks for leftovers in the microseconds in between; so many in a row are a fault. */
    private static final int NAMES_TRIED = 100;

    private final Path directory;
    private final StoreDirectory objects;
    private final StoreCapabilities limits;
    private final Clock clock;

    UploadArea(Path directory, StoreDirectory objects, StoreCapabilities limits, Clock clock) {
        this.directory = directory;
        this.objects = objects;
        this.limits = limits;
        this.clock = clock;
    }

    /** @param durable whether the upload must outlast a crash of the machine */
    FileUpload begin(ObjectKey key, PartLayout layout, boolean durable) throws IOException {
        Instant now = clock.instant();
        Reserved reserved = reserve(now);
        UploadFiles files = reserved.files();
        ProcessLock lock = reserved.lock();
        try {
            UnfinishedUpload upload = files.begin(key, layout, now, durable);
            return FileUpload.open(objects, limits, files, upload, lock, false);
        } catch (IOException | RuntimeException e) {
            removeQuietly(files, e);
            lock.close();
            throw e;
        }
    }

    /** @param lock the held lock of the files */
    private record Reserved(UploadFiles files, ProcessLock lock) {}

    /** A lock that nobody holds yet is cleared away by who looks for leftovers, since it may be a dead process's; then another name is tried. */
    private Reserved reserve(Instant now) throws IOException {
        for (int i = 0; i < NAMES_TRIED; i++) {
            UploadFiles files = UploadFiles.create(directory, now);
            Optional<ProcessLock> lock = lockAnew(files);
            if (lock.isPresent()) {
                return new Reserved(files, lock.get());
            }
        }
        throw new IOException("the locks of " + NAMES_TRIED + " new uploads in " + directory
                + " were removed or taken before they were held; something else works on these files");
    }

    FileUpload resume(UploadToken token) throws IOException {
        UploadFiles files = UploadFiles.named(directory, token.state())
                .filter(found -> found.id().equals(token.state()) && Files.exists(found.session()))
                .orElseThrow(() -> FileUpload.ended(token));
        ProcessLock lock = lock(files, token);
        try {
            UnfinishedUpload upload = files.read()
                    .filter(found -> found.token().equals(token))
                    .orElseThrow(() -> FileUpload.ended(token));
            if (Files.exists(files.body()) && objects.isPublished(token.key(), files.body())) {
                // Its process died after the object was published and before this was cleared away.
                files.remove();
                throw FileUpload.ended(token);
            }
            return FileUpload.open(objects, limits, files, upload, lock, true);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    Page<UnfinishedUpload> list(String prefix, Optional<String> after, int limit) throws IOException {
        List<UnfinishedUpload> found = new ArrayList<>();
        for (UploadFiles files : uploads(after.orElse(""))) {
            Optional<UnfinishedUpload> upload = readable(files);
            if (upload.isEmpty()) {
                removeLeftover(files);
            } else if (upload.get().token().key().value().startsWith(prefix)) {
                found.add(upload.get());
                if (found.size() > limit) {
                    break;
                }
            }
        }
        if (found.size() <= limit) {
            return new Page<>(found, Optional.empty());
        }
        List<UnfinishedUpload> items = found.subList(0, limit);
        return new Page<>(items, Optional.of(items.get(limit - 1).token().state()));
    }

    private NavigableSet<UploadFiles> uploads(String after) throws IOException {
        NavigableSet<UploadFiles> result = new TreeSet<>(Comparator.comparing(UploadFiles::id));
        for (Path entry : DurableFiles.entries(directory)) {
            UploadFiles.named(directory, entry.getFileName().toString())
                    .filter(files -> files.id().compareTo(after) > 0)
                    .ifPresent(result::add);
        }
        return result;
    }

    private static Optional<UnfinishedUpload> readable(UploadFiles files) throws IOException {
        try {
            return files.read();
        } catch (SnapshotException e) {
            if (e.kind() == Kind.CORRUPT) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static ProcessLock lock(UploadFiles files, UploadToken token) throws IOException {
        Optional<ProcessLock> lock = lockIfThere(files);
        if (lock.isEmpty() && !Files.exists(files.session())) {
            // Ended while it was being locked.
            throw FileUpload.ended(token);
        }
        return lock.orElseThrow(() -> SnapshotException.conflict(
                "the upload of object " + token.key() + " is being worked on by a living process; wait for it to end"));
    }

    /** Clears away what a killed process left of an upload that was not yet or is no longer one: its lock is free. */
    private void removeLeftover(UploadFiles files) throws IOException {
        Optional<ProcessLock> lock = lockIfThere(files);
        if (lock.isPresent()) {
            try {
                removeUnlessUpload(files);
            } finally {
                lock.get().close();
            }
        }
    }

    /** Only who begins an upload makes its lock: empty if another one has that already, or has removed it. */
    private static Optional<ProcessLock> lockAnew(UploadFiles files) throws IOException {
        try {
            return ProcessLock.acquire(files.lock(), Duration.ZERO);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Empty if another owner has it, or has removed it. */
    private static Optional<ProcessLock> lockIfThere(UploadFiles files) throws IOException {
        try {
            return ProcessLock.acquireExisting(files.lock(), Duration.ZERO);
        } catch (NoSuchFileException e) {
            // It is removed last: if anything is left without it, the lock itself was lost, and is nobody's.
            return files.isWritten() ? lockAnew(files) : Optional.empty();
        }
    }

    /** It may have become one, and been left to others, since it was looked at. */
    private static void removeUnlessUpload(UploadFiles files) throws IOException {
        if (readable(files).isEmpty()) {
            files.remove();
        }
    }

    private static void removeQuietly(UploadFiles files, Exception because) {
        try {
            files.remove();
        } catch (IOException e) {
            because.addSuppressed(e);
        }
    }
}
