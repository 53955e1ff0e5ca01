package io.stillframe.storage.swift;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.UploadOptions;
import java.time.Instant;

/** Tells Swift when to remove an object by itself. */
final class Expiry {
    private Expiry() {}

    static void require(UploadOptions options) {
        options.expiresAt().filter(time -> !time.isAfter(Instant.now())).ifPresent(time -> {
            throw SnapshotException.invalid("an object must expire in the future, got " + time);
        });
        if (!options.contentType().matches("[ -~]{1,200}")) {
            throw SnapshotException.invalid("a content type has 1 to 200 printable ASCII characters");
        }
    }

    /** Rounded up to whole seconds, which is what Swift knows. */
    static void apply(SwiftCall call, UploadOptions options) {
        options.expiresAt()
                .map(time -> time.getEpochSecond() + (time.getNano() > 0 ? 1 : 0))
                .ifPresent(seconds -> call.header("X-Delete-At", Long.toString(seconds)));
    }
}
