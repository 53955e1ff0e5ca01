package io.stillframe.model;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How long a snapshot is kept after its completion: 0 days means for ever, N days means deleted exactly N x 86,400 s later.
 *
 * @param days 0 to 36,500
 */
public record Retention(int days) {
    /** The longest retention that is not for ever. */
    public static final int LONGEST_DAYS = 36_500;

    public Retention {
        if (days < 0 || days > LONGEST_DAYS) {
            throw SnapshotException.invalid(
                    "retention of " + days + " days must be 0 (for ever) or 1 to " + LONGEST_DAYS + " days");
        }
    }

    public static Retention forEver() {
        return new Retention(0);
    }

    public static Retention ofDays(int days) {
        return new Retention(days);
    }

    /** When a snapshot completed at {@code completion} expires; empty if never. */
    public Optional<Instant> expiry(Instant completion) {
        return days == 0 ? Optional.empty() : Optional.of(completion.plus(Duration.ofSeconds(86_400L * days)));
    }

    @Override
    public String toString() {
        return days == 0 ? "for ever" : days + " d";
    }
}
