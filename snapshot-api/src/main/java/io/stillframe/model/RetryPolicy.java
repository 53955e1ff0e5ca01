package io.stillframe.model;

import java.time.Duration;

/**
 * How passing faults are retried: the pause doubles from {@code first} to {@code longest}; each one is shortened at random by up to a
 * half, so that many who failed together do not return together.
 *
 * @param first pause after the first failure; over 0
 * @param longest no pause is longer; at least {@code first}, at most 1 hour
 * @param attempts how often a step of a snapshot's work is tried before the snapshot fails, 1 to 100; duties towards an instance are
 *     tried without limit
 */
public record RetryPolicy(Duration first, Duration longest, int attempts) {
    private static final Duration LONGEST = Duration.ofHours(1);

    public RetryPolicy {
        if (first.isNegative()
                || first.isZero()
                || longest.compareTo(first) < 0
                || longest.compareTo(LONGEST) > 0
                || attempts < 1
                || attempts > 100) {
            throw SnapshotException.invalid(
                    "retries need 0 < first pause <= longest pause <= 1 h and 1 to 100 attempts, got " + first + ", "
                            + longest + " and " + attempts);
        }
    }

    /** Pauses from 500 ms to 30 s, 6 attempts. */
    public static RetryPolicy ofDefaults() {
        return new RetryPolicy(Duration.ofMillis(500), Duration.ofSeconds(30), 6);
    }

    /** The pause after failure number {@code failures}, from 1, before it is shortened. */
    public Duration pauseAfter(int failures) {
        Duration pause = first;
        for (int i = 1; i < failures && pause.compareTo(longest) < 0; i++) {
            pause = pause.multipliedBy(2);
        }
        return pause.compareTo(longest) < 0 ? pause : longest;
    }
}
