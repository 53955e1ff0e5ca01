package io.stillframe.internal.engine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/** How fast a count grows, averaged over some seconds. For one thread. */
final class RateMeter {
    private static final long WINDOW_NANOS = Duration.ofSeconds(10).toNanos();
    private static final long LEAST_NANOS = Duration.ofSeconds(2).toNanos();
    private static final long STILL_NANOS = Duration.ofSeconds(3).toNanos();
    private static final double NANOS_PER_SECOND = 1e9;

    private final LongSupplier nanos;
    private final Deque<Sample> samples = new ArrayDeque<>();
    private long moved;

    RateMeter(LongSupplier nanos) {
        this.nanos = nanos;
        this.moved = nanos.getAsLong();
    }

    private record Sample(long at, long count) {}

    /**
     * Looks at the count.
     *
     * @return how much it grows in a second; 0 while too little was seen to say, and when it stands still
     */
    long rate(long count) {
        long now = nanos.getAsLong();
        Sample last = samples.peekLast();
        if (last != null && count != last.count()) {
            moved = now;
        }
        samples.addLast(new Sample(now, count));
        while (now - samples.getFirst().at() > WINDOW_NANOS) {
            samples.removeFirst();
        }
        Sample first = samples.getFirst();
        long span = now - first.at();
        if (span < LEAST_NANOS || now - moved > STILL_NANOS) {
            return 0;
        }
        return Math.max(0, Math.round((count - first.count()) / (span / NANOS_PER_SECOND)));
    }
}
