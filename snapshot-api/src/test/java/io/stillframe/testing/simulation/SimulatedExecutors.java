package io.stillframe.testing.simulation;

import java.util.concurrent.ExecutorService;

/** Takes the place of {@link java.util.concurrent.Executors} in simulated code. */
public final class SimulatedExecutors {
    private SimulatedExecutors() {}

    public static ExecutorService newFixedThreadPool(int threads, SimulatedThreadFactory factory) {
        return new SimulatedPool(threads, factory);
    }
}
