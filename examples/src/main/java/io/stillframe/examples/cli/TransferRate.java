package io.stillframe.examples.cli;

import java.util.ArrayDeque;

/** Bytes a second over the last seconds. For one thread at a time. */
final class TransferRate {
    private static final long WINDOW_NANOS = 5_000_000_000L;
    private static final long SHORTEST_NANOS = 200_000_000L;

    private record Sample(long nanos, long bytes) {}

    private final ArrayDeque<Sample> samples = new ArrayDeque<>();

    /**
     * Takes note of a count.
     *
     * @param nanos as of {@link System#nanoTime()}
     * @param bytes counted so far; less than before starts anew
     * @return bytes a second, 0 if not known yet
     */
    long after(long nanos, long bytes) {
        if (!samples.isEmpty() && bytes < samples.getLast().bytes()) {
            samples.clear();
        }
        samples.addLast(new Sample(nanos, bytes));
        while (samples.size() > 2 && nanos - samples.getFirst().nanos() > WINDOW_NANOS) {
            samples.removeFirst();
        }
        Sample first = samples.getFirst();
        long span = nanos - first.nanos();
        return span < SHORTEST_NANOS ? 0 : (long) ((bytes - first.bytes()) * 1e9 / span);
    }
}
