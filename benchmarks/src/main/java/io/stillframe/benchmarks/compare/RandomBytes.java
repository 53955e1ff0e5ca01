package io.stillframe.benchmarks.compare;

import java.util.SplittableRandom;

/** Bytes that no codec makes smaller. */
final class RandomBytes implements Content {
    private final SplittableRandom random;

    RandomBytes(long seed) {
        random = new SplittableRandom(seed);
    }

    @Override
    public void fill(byte[] block) {
        random.nextBytes(block);
    }
}
