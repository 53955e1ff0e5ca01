package io.stillframe.catalog.jdbc;

import io.stillframe.model.SnapshotException;
import java.time.Instant;

/** Times as the tables have them: nanoseconds since 1970, exact and in the same order as the times. Covers 1677 to 2262. */
final class Nanos {
    private static final long PER_SECOND = 1_000_000_000;

    private Nanos() {}

    static long of(Instant time) {
        try {
            return Math.addExact(Math.multiplyExact(time.getEpochSecond(), PER_SECOND), time.getNano());
        } catch (ArithmeticException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID, "this catalog holds times from 1677 to 2262, got " + time, e);
        }
    }

    static Instant toInstant(long nanos) {
        return Instant.ofEpochSecond(Math.floorDiv(nanos, PER_SECOND), Math.floorMod(nanos, PER_SECOND));
    }
}
