package io.stillframe.internal.file;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;

/** Reads {@code file:} URIs. */
public final class FileUris {
    private FileUris() {}

    /**
     * The directory that a URI names.
     *
     * @throws SnapshotException INVALID unless it is {@code file:///} and an absolute path, without host, query or fragment
     */
    public static Path directory(URI uri) {
        try {
            return Path.of(uri);
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            throw new SnapshotException(
                    Kind.INVALID,
                    "a directory's URI is file:/// and an absolute path, without host, query or fragment: "
                            + e.getMessage(),
                    e);
        }
    }
}
