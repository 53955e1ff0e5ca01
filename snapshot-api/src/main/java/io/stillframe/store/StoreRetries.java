package io.stillframe.store;

import io.stillframe.model.RetryPolicy;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When calls of a store are made again: after failures that are retryable, with pauses that double and are drawn at random between
 * nothing and the whole (full jitter), never sooner than the server asked for, as often as the policy says and while the budget
 * lasts. Immutable.
 */
public final class StoreRetries {
    private static final Logger LOG = LoggerFactory.getLogger(StoreRetries.class);
    /** A server that wants a longer pause is left to whoever called. */
    private static final Duration LONGEST_WISH = Duration.ofMinutes(1);

    private static final RetryPolicy DEFAULT_POLICY = new RetryPolicy(Duration.ofMillis(200), Duration.ofSeconds(5), 4);
    private static final int DEFAULT_BUDGET = 50;

    private final RetryPolicy policy;
    private final RetryBudget budget;
    private final DoubleSupplier random;
    private final Consumer<Duration> pauses;

    private StoreRetries(RetryPolicy policy, RetryBudget budget, DoubleSupplier random, Consumer<Duration> pauses) {
        this.policy = policy;
        this.budget = budget;
        this.random = random;
        this.pauses = pauses;
    }

    /** Four attempts, pauses of up to 200 ms to 5 s, 50 retries in the budget. */
    public static StoreRetries ofDefaults() {
        return new StoreRetries(
                DEFAULT_POLICY,
                RetryBudget.of(DEFAULT_BUDGET),
                () -> ThreadLocalRandom.current().nextDouble(),
                StoreRetries::sleep);
    }

    /** The same with other attempts and pauses. */
    public StoreRetries withPolicy(RetryPolicy value) {
        return new StoreRetries(value, budget, random, pauses);
    }

    /** The same with another budget, which may be shared. */
    public StoreRetries withBudget(RetryBudget value) {
        return new StoreRetries(policy, value, random, pauses);
    }

    /**
     * The same with other chance and time, for tests.
     *
     * @param chance gives numbers from 0 to below 1
     * @param time lets a pause pass; throws CANCELLED to give up
     */
    public StoreRetries withChanceAndTime(DoubleSupplier chance, Consumer<Duration> time) {
        return new StoreRetries(policy, budget, chance, time);
    }

    /** Makes a call until it succeeds, fails for good, or has been made often enough. */
    <T> T call(String what, Supplier<T> call) {
        for (int failures = 1; ; failures++) {
            try {
                T result = call.get();
                budget.succeeded();
                return result;
            } catch (SnapshotException e) {
                if (!e.retryable()) {
                    throw e;
                }
                pauseOrGiveUp(what, failures, e);
            }
        }
    }

    /** Waits until the call may be made again; throws the failure if it may not. */
    void pauseOrGiveUp(String what, int failures, SnapshotException failure) {
        boolean patient = failure.retryAfter()
                .filter(wish -> wish.compareTo(LONGEST_WISH) > 0)
                .isEmpty();
        if (failures >= policy.attempts() || !patient || !budget.take()) {
            throw failure;
        }
        Duration pause = pauseAfter(failures, failure);
        LOG.debug("{} failed, attempt {}, again in {}: {}", what, failures, pause, failure.getMessage());
        pauses.accept(pause);
    }

    private Duration pauseAfter(int failures, SnapshotException failure) {
        Duration drawn = Duration.ofNanos((long) (policy.pauseAfter(failures).toNanos() * random.getAsDouble()));
        // All who were told the same must not return at the same instant.
        return failure.retryAfter().map(wish -> wish.plus(drawn)).orElse(drawn);
    }

    private static void sleep(Duration pause) {
        new Cancellation().await(pause.toNanos());
    }
}
