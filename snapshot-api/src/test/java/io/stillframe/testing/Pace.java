package io.stillframe.testing;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * How slow a network is.
 *
 * @param latency before the first byte of each request
 * @param bytesPerSecond of each connection in each direction
 */
public record Pace(Duration latency, long bytesPerSecond) {
    private static final int SLICE = 16 << 10;

    /** Holds nothing up. */
    static final Pace FREE = new Pace(Duration.ZERO, Long.MAX_VALUE);

    void delay() {
        pause(latency.toNanos());
    }

    /** A stream that takes bytes no faster than this. */
    OutputStream limited(OutputStream out) {
        return bytesPerSecond == Long.MAX_VALUE ? out : new Limited(out, bytesPerSecond);
    }

    /** The time that a network takes: nothing to be waited for would come sooner. */
    private static void pause(long nanos) {
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private static final class Limited extends FilterOutputStream {
        private final long bytesPerSecond;

        Limited(OutputStream out, long bytesPerSecond) {
            super(out);
            this.bytesPerSecond = bytesPerSecond;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            for (int done = 0; done < length; done += SLICE) {
                int count = Math.min(SLICE, length - done);
                out.write(bytes, offset + done, count);
                out.flush();
                pause(count * 1_000_000_000L / bytesPerSecond);
            }
        }
    }
}
