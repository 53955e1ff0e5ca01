package io.stillframe.internal.engine;

import io.stillframe.model.RetryPolicy;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes calls again that failed for a passing reason. */
final class Retries {
    private static final Logger LOG = LoggerFactory.getLogger(Retries.class);

    private static final Duration LONGEST_WISH = Duration.ofMinutes(5);

    private final RetryPolicy policy;

    Retries(RetryPolicy policy) {
        this.policy = policy;
    }

    /** Runs {@code action} until it succeeds, fails for good, has been tried often enough, or cancellation is asked for. */
    <T> T call(String what, Cancellation cancellation, Supplier<T> action) {
        for (int failures = 1; ; failures++) {
            cancellation.check();
            try {
                return action.get();
            } catch (SnapshotException e) {
                if (!e.retryable() || failures >= policy.attempts()) {
                    throw e;
                }
                LOG.info("{} failed, attempt {} of {}: {}", what, failures, policy.attempts(), e.getMessage());
                pause(failures, e, cancellation);
            }
        }
    }

    void run(String what, Cancellation cancellation, Runnable action) {
        call(what, cancellation, () -> {
            action.run();
            return what;
        });
    }

    /** As {@link #call}, for an action that may be made twice: an answer that was lost is one more reason to make it again. */
    <T> T repeat(String what, Cancellation cancellation, Supplier<T> action) {
        return call(what, cancellation, () -> {
            try {
                return action.get();
            } catch (SnapshotException e) {
                throw repeatable(e);
            }
        });
    }

    /** As {@link #repeat(String, Cancellation, Supplier)}. */
    void repeat(String what, Cancellation cancellation, Runnable action) {
        repeat(what, cancellation, () -> {
            action.run();
            return what;
        });
    }

    /** What failed may be made again if only its outcome is not known. */
    static SnapshotException repeatable(SnapshotException e) {
        return e.kind() == SnapshotException.Kind.OUTCOME_UNKNOWN
                ? SnapshotException.transientFault(String.valueOf(e.getMessage()), e)
                : e;
    }

    /** At least as long as the other side asked for, within reason. */
    private void pause(int failures, SnapshotException failure, Cancellation cancellation) {
        Duration wish = failure.retryAfter().orElse(Duration.ZERO);
        Duration least = wish.compareTo(LONGEST_WISH) < 0 ? wish : LONGEST_WISH;
        cancellation.await(least.plus(pauseAfter(failures)).toNanos());
    }

    void pause(int failures, Cancellation cancellation) {
        cancellation.await(pauseAfter(failures).toNanos());
    }

    /** Shortened at random by up to a half. */
    Duration pauseAfter(int failures) {
        long nanos = policy.pauseAfter(failures).toNanos();
        return Duration.ofNanos(nanos - ThreadLocalRandom.current().nextLong(nanos / 2 + 1));
    }

    int attempts() {
        return policy.attempts();
    }
}
