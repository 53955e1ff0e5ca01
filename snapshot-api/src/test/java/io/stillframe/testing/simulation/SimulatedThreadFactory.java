package io.stillframe.testing.simulation;

/** Takes the place of {@link java.util.concurrent.ThreadFactory} in simulated code. */
@FunctionalInterface
public interface SimulatedThreadFactory {
    SimulatedThread newThread(Runnable work);
}
