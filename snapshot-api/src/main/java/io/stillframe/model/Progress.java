package io.stillframe.model;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How far the work on the image is, in bytes.
 *
 * @param bytesTotal bytes of disk that hold data and are to be read; an upper bound until the disks' tables have been walked
 * @param bytesRead bytes of disk read so far, at most {@code bytesTotal}
 * @param bytesStored bytes sent to the home region so far
 * @param bytesPerSecond how fast bytes of disk are being read, smoothed over some seconds; empty before it is known and while nothing
 *     moves
 * @param remaining how long reading what is left takes at this rate; empty when the rate is
 */
public record Progress(
        long bytesTotal, long bytesRead, long bytesStored, OptionalLong bytesPerSecond, Optional<Duration> remaining) {
    /** Without rate. */
    public Progress(long bytesTotal, long bytesRead, long bytesStored) {
        this(bytesTotal, bytesRead, bytesStored, OptionalLong.empty(), Optional.empty());
    }

    public Progress {
        if (bytesTotal < 0 || bytesRead < 0 || bytesStored < 0) {
            throw SnapshotException.invalid("progress counts must not be negative: total " + bytesTotal + ", read "
                    + bytesRead + ", stored " + bytesStored);
        }
    }

    /** The same counts, moving at that rate; none if it is 0. */
    public Progress at(long rate) {
        if (rate <= 0) {
            return new Progress(bytesTotal, bytesRead, bytesStored);
        }
        long left = Math.max(0, bytesTotal - bytesRead);
        long seconds = left / rate + (left % rate == 0 ? 0 : 1);
        return new Progress(
                bytesTotal, bytesRead, bytesStored, OptionalLong.of(rate), Optional.of(Duration.ofSeconds(seconds)));
    }

    public static Progress none() {
        return new Progress(0, 0, 0);
    }
}
