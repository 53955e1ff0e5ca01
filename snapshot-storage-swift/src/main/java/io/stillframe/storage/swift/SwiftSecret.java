package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a secret comes from. It is asked for at each authentication, so that a secret that changes is taken up, and is kept nowhere. Safe
 * for use by several threads.
 */
@FunctionalInterface
public interface SwiftSecret {
    /** The secret as it is now. */
    String reveal();

    /** A secret that is known. */
    static SwiftSecret of(String value) {
        return () -> value;
    }

    /** The first line of a file, read at each use. */
    static SwiftSecret ofFile(Path file) {
        return () -> {
            try (var lines = Files.lines(file)) {
                return lines.findFirst()
                        .orElseThrow(() -> SnapshotException.permanent(
                                "the file " + file + " should hold a secret, but is empty", null));
            } catch (IOException e) {
                throw SnapshotException.permanent("the file " + file + " should hold a secret, but cannot be read", e);
            }
        };
    }
}
