package io.stillframe.store;

import io.stillframe.model.SnapshotException;

/**
 * How many calls may be made again: each retry takes one, ten successes give one back. While a server is down for good, retries so
 * soon cease to add to its load; they come back as it does. Shared by all that talk to one server. Safe for use by several threads.
 */
public final class RetryBudget {
    private static final int SUCCESSES = 10;
    private static final int MOST = 1_000_000;

    private final int capacity;
    private int left;

    private RetryBudget(int retries) {
        capacity = retries * SUCCESSES;
        left = capacity;
    }

    /**
     * A full budget.
     *
     * @param retries how many retries it holds, 0 to 1,000,000
     */
    public static RetryBudget of(int retries) {
        if (retries < 0 || retries > MOST) {
            throw SnapshotException.invalid("a retry budget holds 0 to " + MOST + " retries, got " + retries);
        }
        return new RetryBudget(retries);
    }

    /** Retries that are left. */
    public synchronized int left() {
        return left / SUCCESSES;
    }

    /** Whether one more retry may be made, which is then taken. */
    synchronized boolean take() {
        if (left < SUCCESSES) {
            return false;
        }
        left -= SUCCESSES;
        return true;
    }

    synchronized void succeeded() {
        left = Math.min(capacity, left + 1);
    }
}
