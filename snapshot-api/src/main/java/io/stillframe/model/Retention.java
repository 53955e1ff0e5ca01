package io.stillframe.model;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How long a snapshot is kept after its completion: 0 days means for ever, N days means deleted exactly N x 86,400 s later. A legal hold
 * overrides both: while there is one, the snapshot does not expire and cannot be deleted.
 *
 * @param days 0 to 36,500
 * @param legalHold why it must be kept whatever its days say, e.g. a case's number; 1 to 255 characters
 */
public record Retention(int days, Optional<String> legalHold) {
    /** The longest retention that is not for ever. */
    public static final int LONGEST_DAYS = 36_500;

    public Retention {
        if (days < 0 || days > LONGEST_DAYS) {
            throw SnapshotException.invalid(
                    "retention of " + days + " days must be 0 (for ever) or 1 to " + LONGEST_DAYS + " days");
        }
        legalHold.ifPresent(reason -> Names.label("a legal hold's reason", reason));
    }

    /** Without legal hold. */
    public Retention(int days) {
        this(days, Optional.empty());
    }

    public static Retention forEver() {
        return new Retention(0);
    }

    public static Retention ofDays(int days) {
        return new Retention(days);
    }

    /** The same days under a legal hold. */
    public Retention withLegalHold(String reason) {
        return new Retention(days, Optional.of(reason));
    }

    /** The same days, with any legal hold lifted. */
    public Retention withoutLegalHold() {
        return new Retention(days);
    }

    /** When a snapshot completed at {@code completion} expires; empty if never, or not as long as the legal hold stands. */
    public Optional<Instant> expiry(Instant completion) {
        return days == 0 || legalHold.isPresent()
                ? Optional.empty()
                : Optional.of(completion.plus(Duration.ofSeconds(86_400L * days)));
    }

    @Override
    public String toString() {
        return (days == 0 ? "for ever" : days + " d") + (legalHold.isPresent() ? ", legal hold" : "");
    }
}
