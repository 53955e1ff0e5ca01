package io.stillframe.internal.catalog;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Lease;
import io.stillframe.spi.TurnRequest;
import io.stillframe.spi.Work;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** The limits of what callers hand to a catalog. */
public final class CatalogArguments {
    static final int LONGEST_NAME = 1024;
    static final int LONGEST_DETAIL = 256 << 10;
    static final int LARGEST_ATTRIBUTES = 1 << 20;
    static final int LARGEST_PAGE = 1000;

    private static final Duration SHORTEST_LEASE = Duration.ofSeconds(1);
    private static final Duration LONGEST_LEASE = Duration.ofHours(1);

    private CatalogArguments() {}

    public static void requireRecord(CatalogRecord record) {
        record.claim().ifPresent(claim -> requireName("a claim", claim));
        long size = record.attributes().entrySet().stream()
                .mapToLong(entry ->
                        (long) entry.getKey().length() + entry.getValue().length())
                .sum();
        if (size > LARGEST_ATTRIBUTES) {
            throw SnapshotException.invalid("the attributes of snapshot "
                    + record.snapshot().id() + " have " + size + " characters, at most " + LARGEST_ATTRIBUTES
                    + " are allowed");
        }
    }

    public static void requireFirst(CatalogRecord record) {
        requireRecord(record);
        if (record.version() != 1) {
            throw SnapshotException.invalid("a new record has version 1, got " + record.version());
        }
    }

    /**
     * What an update stores: the record with the next version.
     *
     * @throws SnapshotException CONFLICT if it was made to another version than the stored one; INVALID if it changes what cannot
     *     change
     */
    public static CatalogRecord successor(CatalogRecord stored, CatalogRecord record) {
        SnapshotId id = stored.snapshot().id();
        if (record.version() != stored.version()) {
            throw SnapshotException.conflict("snapshot " + id + " was changed meanwhile: version " + stored.version()
                    + " is stored, the change was made to " + record.version() + "; read it again");
        }
        if (!record.snapshot().requestedAt().equals(stored.snapshot().requestedAt())) {
            throw SnapshotException.invalid("the time of the request of snapshot " + id + " cannot change");
        }
        if (!record.token().equals(stored.token())) {
            throw SnapshotException.invalid("the idempotency token of snapshot " + id + " cannot change");
        }
        return new CatalogRecord(
                record.snapshot(),
                Math.addExact(stored.version(), 1),
                record.claim(),
                record.token(),
                record.work(),
                record.attributes());
    }

    public static void requireTurn(TurnRequest request) {
        if (!request.work().stream().allMatch(Work::waits)) {
            throw SnapshotException.invalid("only waiting work can be taken, got " + request.work());
        }
    }

    /** The place in a listing of unfinished work that a page's token names. */
    public static Optional<SnapshotId> behind(Optional<String> token) {
        return token.map(SnapshotId::new);
    }

    /** The lease that is asked for, with epoch 0: epochs are given when it is granted. */
    public static Lease wanted(String resource, String owner, Duration ttl, Instant now) {
        requireName("a lease's resource", resource);
        requireName("a lease's owner", owner);
        return new Lease(resource, owner, 0, end(ttl, now));
    }

    public static Instant end(Duration ttl, Instant now) {
        if (ttl.compareTo(SHORTEST_LEASE) < 0 || ttl.compareTo(LONGEST_LEASE) > 0) {
            throw SnapshotException.invalid("a lease holds for 1 s to 1 h, got " + ttl);
        }
        return now.plus(ttl);
    }

    public static void requireStep(String step, String detail) {
        requireName("a journal's step", step);
        if (detail.length() > LONGEST_DETAIL) {
            throw SnapshotException.invalid("the detail of step " + step + " has " + detail.length()
                    + " characters, at most " + LONGEST_DETAIL + " are allowed");
        }
    }

    public static void requireLimit(int limit) {
        if (limit < 1 || limit > LARGEST_PAGE) {
            throw SnapshotException.invalid("a page has 1 to " + LARGEST_PAGE + " items, got " + limit);
        }
    }

    private static void requireName(String what, String name) {
        if (name.isBlank() || name.length() > LONGEST_NAME) {
            throw SnapshotException.invalid(
                    what + " needs 1 to " + LONGEST_NAME + " characters, not all blank, got " + name.length());
        }
    }
}
