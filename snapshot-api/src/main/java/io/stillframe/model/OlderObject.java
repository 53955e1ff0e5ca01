package io.stillframe.model;

import java.util.Optional;

/**
 * A stored object of an older snapshot that a disk's own object points into.
 *
 * @param object its key in each region's store
 * @param bytes its length, at least 1
 * @param stored its checksum; empty if none is known
 */
public record OlderObject(String object, long bytes, Optional<Digest> stored) {
    public OlderObject {
        if (object.isEmpty() || bytes < 1) {
            throw SnapshotException.invalid(
                    "an older object has a key and at least 1 byte, got '" + object + "' of " + bytes + " bytes");
        }
    }
}
