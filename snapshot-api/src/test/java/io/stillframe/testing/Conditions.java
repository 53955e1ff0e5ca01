package io.stillframe.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** Waiting for conditions. Stateless. */
public final class Conditions {
    /** Nothing that works takes so long, on a machine that is busy with other things as well. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Conditions() {}

    /** Waits for a minute at most. */
    public static ConditionFactory await() {
        return Awaitility.await().atMost(PATIENCE);
    }

    /**
     * The same.
     *
     * @param what named if it does not come to be
     */
    public static ConditionFactory await(String what) {
        return Awaitility.await(what).atMost(PATIENCE);
    }
}
