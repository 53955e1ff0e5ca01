package io.stillframe.store;

import io.stillframe.internal.file.FileFaults;
import io.stillframe.internal.file.PositionalFile;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;

/** An object of a file store, open for reading. */
final class FileSource implements ByteSource {
    private final StoreDirectory objects;
    private final ObjectStat pinned;
    private final Path path;
    private final PositionalFile file;

    private FileSource(StoreDirectory objects, ObjectStat pinned, Path path) throws IOException {
        this.objects = objects;
        this.pinned = pinned;
        this.path = path;
        this.file = PositionalFile.open(
                path, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS), this::requireUnchanged);
    }

    /** Opens the version that exists now; empty if there is none. */
    static Optional<FileSource> open(StoreDirectory objects, ObjectKey key) throws IOException {
        Path path = objects.file(key);
        while (true) {
            Optional<ObjectStat> found = objects.stat(key, path);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            try {
                FileSource source = new FileSource(objects, found.get(), path);
                if (objects.stat(key, path).equals(found)) {
                    return Optional.of(source);
                }
                source.close();
            } catch (NoSuchFileException e) {
                // Replaced or deleted between the look and the opening: look again.
            }
        }
    }

    @Override
    public long size() {
        return pinned.size();
    }

    @Override
    public void read(long position, ByteBuffer target) {
        StoreArguments.requireRange(describe(), size(), position, target.remaining());
        try {
            requireUnchanged();
            file.read(position, target);
        } catch (EOFException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.CONFLICT, describe() + " was shortened since it was opened", e);
        } catch (IOException e) {
            throw FileFaults.of("cannot read " + describe(), e);
        }
    }

    @Override
    public String describe() {
        return "object " + pinned.key() + " in " + path;
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            throw FileFaults.of("cannot close " + describe(), e);
        }
    }

    private void requireUnchanged() throws IOException {
        if (!objects.stat(pinned.key(), path).equals(Optional.of(pinned))) {
            throw SnapshotException.conflict(describe() + " was replaced or deleted since it was opened");
        }
    }
}
