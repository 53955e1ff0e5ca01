package io.stillframe.testing.simulation;

import java.util.Random;

/** Takes the place of {@link java.util.concurrent.ThreadLocalRandom} and {@link java.security.SecureRandom} in simulated code. */
public final class SimulatedRandom extends Random {
    private static final long serialVersionUID = 1L;

    public static SimulatedRandom current() {
        return new SimulatedRandom();
    }

    @Override
    protected int next(int bits) {
        return Simulation.current().random().nextInt() >>> (Integer.SIZE - bits);
    }
}
