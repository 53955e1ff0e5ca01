package io.stillframe.store;

import io.stillframe.internal.file.DurableFiles;
import io.stillframe.internal.file.FileFaults;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The published objects of a file store: files below its directory. Symbolic links are never followed; what lies behind one does not
 * exist, and nothing is written through one.
 */
final class StoreDirectory {
    /** Publishing meets the removal of an empty directory again and again only if somebody works against it. */
    private static final int ATTEMPTS = 100;

    private final Path root;
    private final boolean links;

    /**
     * @param root the real path of the directory
     * @param links whether the file system has hard links, which give create-if-absent one winner
     */
    StoreDirectory(Path root, boolean links) {
        this.root = root;
        this.links = links;
    }

    Path root() {
        return root;
    }

    Path file(ObjectKey key) {
        return KeyPaths.resolve(root, key);
    }

    Optional<ObjectStat> stat(ObjectKey key) throws IOException {
        return stat(key, file(key));
    }

    Optional<ObjectStat> stat(ObjectKey key, Path file) throws IOException {
        try {
            if (leadsThroughLink(file)) {
                return Optional.empty();
            }
            BasicFileAttributes found =
                    Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return found.isRegularFile() ? Optional.of(stat(key, found)) : Optional.empty();
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        }
    }

    /**
     * Gives a complete file its version, makes it durable and makes it the object's; it is no longer at {@code body} then, or one more
     * name of the object.
     */
    PublishOutcome publish(ObjectKey key, Path body, PublishMode mode) throws IOException {
        stamp(body);
        ObjectStat published =
                stat(key, Files.readAttributes(body, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
        Path target = file(key);
        for (int attempt = 1; ; attempt++) {
            try {
                createParents(target);
                if (mode == PublishMode.REPLACE) {
                    Files.move(body, target, StandardCopyOption.ATOMIC_MOVE);
                } else {
                    create(body, target);
                }
                break;
            } catch (FileAlreadyExistsException e) {
                Optional<ObjectStat> existing = stat(key);
                if (existing.isPresent()) {
                    return new PublishOutcome.AlreadyExists(existing.get());
                }
                requireAttemptsLeft(attempt, e);
            } catch (NoSuchFileException e) {
                // A directory on the way was removed as empty meanwhile.
                requireAttemptsLeft(attempt, e);
            }
        }
        syncParents(key, target);
        return new PublishOutcome.Published(published);
    }

    /**
     * Removes an object if it exists, and the directories that become empty.
     *
     * @return the directory to be synced for it, if anything changed
     */
    Optional<Path> delete(ObjectKey key) throws IOException {
        Path file = file(key);
        if (stat(key, file).isEmpty()) {
            return Optional.empty();
        }
        Files.deleteIfExists(file);
        Path directory = file.getParent();
        while (directory != null && !directory.equals(root)) {
            try {
                Files.deleteIfExists(directory);
            } catch (DirectoryNotEmptyException e) {
                break;
            }
            directory = directory.getParent();
        }
        return Optional.ofNullable(directory);
    }

    /** Makes the names in a directory durable, unless it was removed as empty meanwhile. */
    static void sync(Path directory) throws IOException {
        try {
            DurableFiles.syncDirectory(directory);
        } catch (NoSuchFileException e) {
            // Who removed it syncs what is above it.
        }
    }

    /** Whether the object at {@code key} is the very file {@code body}. */
    boolean isPublished(ObjectKey key, Path body) throws IOException {
        try {
            return stat(key).isPresent() && Files.isSameFile(file(key), body);
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static ObjectStat stat(ObjectKey key, BasicFileAttributes found) {
        Instant modified = found.lastModifiedTime().toInstant();
        String version = found.size() + "-" + modified.getEpochSecond() + "." + modified.getNano();
        return new ObjectStat(key, found.size(), version, modified);
    }

    /**
     * A time of publication that tells this version from others: the current millisecond with random nanoseconds, as far as the file
     * system keeps them.
     */
    private static void stamp(Path body) throws IOException {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        long nanos = ThreadLocalRandom.current().nextLong(1_000_000);
        Files.setLastModifiedTime(body, FileTime.from(now.plusNanos(nanos)));
        DurableFiles.sync(body);
    }

    private void create(Path body, Path target) throws IOException {
        if (links) {
            Files.createLink(target, body);
        } else {
            // No atomic way: somebody may publish between the look and the move. Not declared as a capability then.
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                throw new FileAlreadyExistsException(target.toString());
            }
            Files.move(body, target, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private void createParents(Path target) throws IOException {
        Path directory = root;
        Path names = root.relativize(target);
        for (int i = 0; i < names.getNameCount() - 1; i++) {
            directory = directory.resolve(names.getName(i));
            try {
                Files.createDirectory(directory);
            } catch (FileAlreadyExistsException e) {
                requireDirectory(directory, e);
            }
        }
    }

    /** With one look: the directory may be removed as empty and made anew by others between two. Gone is for the caller to meet. */
    private static void requireDirectory(Path path, FileAlreadyExistsException cause) throws IOException {
        try {
            if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .isDirectory()) {
                throw SnapshotException.permanent(
                        path + " is no directory, and symbolic links are not followed; remove it", cause);
            }
        } catch (NoSuchFileException e) {
            return;
        }
    }

    /** Every name on the way, since another writer may have created one and not have come so far. */
    private void syncParents(ObjectKey key, Path target) {
        try {
            Path directory = target.getParent();
            while (directory != null && directory.startsWith(root)) {
                sync(directory);
                directory = directory.getParent();
            }
        } catch (IOException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.OUTCOME_UNKNOWN,
                    "object " + key + " was published, but may not outlast a crash: "
                            + FileFaults.of("cannot sync", e).getMessage(),
                    e);
        }
    }

    private boolean leadsThroughLink(Path file) {
        Path directory = root;
        Path names = root.relativize(file);
        for (int i = 0; i < names.getNameCount() - 1; i++) {
            directory = directory.resolve(names.getName(i));
            if (Files.isSymbolicLink(directory)) {
                return true;
            }
        }
        return false;
    }

    private static void requireAttemptsLeft(int attempt, IOException fault) throws IOException {
        if (attempt >= ATTEMPTS) {
            throw fault;
        }
    }
}
