package io.stillframe.storage.s3;

import io.stillframe.model.SnapshotException;
import java.time.Duration;

/**
 * Retention under Object Lock for everything that a store publishes. The bucket must have been created with Object Lock. While an object
 * is locked, deleting it fails with CONFLICT; a snapshot whose retention is over sooner stays {@code DELETING} until its locks have ended,
 * so that the period should not exceed the retention.
 *
 * @param mode how strictly
 * @param period how long from the start of the upload, at least one second
 */
public record S3ObjectLock(Mode mode, Duration period) {
    /** How strictly objects are locked. */
    public enum Mode {
        /** Users with a special permission may remove them earlier. */
        GOVERNANCE,
        /** Nobody may. */
        COMPLIANCE
    }

    public S3ObjectLock {
        if (period.compareTo(Duration.ofSeconds(1)) < 0) {
            throw SnapshotException.invalid("Object Lock needs a period of at least one second, got " + period);
        }
    }
}
