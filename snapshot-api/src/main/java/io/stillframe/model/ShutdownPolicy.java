package io.stillframe.model;

import java.time.Duration;

/**
 * How long and how often a guest is asked to shut down before it is stopped hard.
 *
 * @param window how long the guest has, from the first event; more than zero, at most 24 hours
 * @param interval time between two shutdown events; at least 100 ms, at most {@code window}
 */
public record ShutdownPolicy(Duration window, Duration interval) {
    private static final Duration LONGEST_WINDOW = Duration.ofHours(24);
    private static final Duration SHORTEST_INTERVAL = Duration.ofMillis(100);

    public ShutdownPolicy {
        if (window.isNegative() || window.isZero() || window.compareTo(LONGEST_WINDOW) > 0) {
            throw SnapshotException.invalid("shutdown window " + window + " must be over 0 and at most 24 h");
        }
        if (interval.compareTo(SHORTEST_INTERVAL) < 0 || interval.compareTo(window) > 0) {
            throw SnapshotException.invalid(
                    "shutdown interval " + interval + " must be at least 100 ms and at most the window " + window);
        }
    }

    /** 60 seconds, an event every 5 seconds: a press before the guest listens is lost, so one is never enough. */
    public static ShutdownPolicy ofDefaults() {
        return new ShutdownPolicy(Duration.ofSeconds(60), Duration.ofSeconds(5));
    }

    /** The given window; events as often as by default, more often when the window is short. */
    public static ShutdownPolicy ofWindow(Duration window) {
        Duration fifth = window.dividedBy(5);
        Duration interval = fifth.compareTo(Duration.ofSeconds(5)) < 0 ? fifth : Duration.ofSeconds(5);
        return new ShutdownPolicy(window, interval.compareTo(SHORTEST_INTERVAL) < 0 ? SHORTEST_INTERVAL : interval);
    }
}
