package io.stillframe.store;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Bytes per second that all who share it may move together. Those who come take their share of the time to come in turn, so that each
 * waits for the ones before it, whatever their number. Safe for use by several threads.
 */
public final class BandwidthLimit {
    private static final long LEAST = 64 << 10;
    private static final double SECOND = 1e9;

    private final long bytesPerSecond;
    private final LongSupplier nanoTime;
    private final Consumer<Duration> pauses;
    private long freeAt;

    private BandwidthLimit(long bytesPerSecond, LongSupplier nanoTime, Consumer<Duration> pauses) {
        if (bytesPerSecond < LEAST) {
            throw SnapshotException.invalid(
                    "a bandwidth limit is at least " + LEAST + " bytes per second, got " + bytesPerSecond);
        }
        this.bytesPerSecond = bytesPerSecond;
        this.nanoTime = nanoTime;
        this.pauses = pauses;
        this.freeAt = nanoTime.getAsLong();
    }

    /** @param bytesPerSecond at least 64 KiB */
    public static BandwidthLimit of(long bytesPerSecond) {
        return new BandwidthLimit(bytesPerSecond, System::nanoTime, pause -> new Cancellation().await(pause.toNanos()));
    }

    /**
     * One with a time of its own, for tests.
     *
     * @param nanoTime as {@link System#nanoTime}
     * @param pauses lets time pass; throws CANCELLED to give up
     */
    public static BandwidthLimit of(long bytesPerSecond, LongSupplier nanoTime, Consumer<Duration> pauses) {
        return new BandwidthLimit(bytesPerSecond, nanoTime, pauses);
    }

    public long bytesPerSecond() {
        return bytesPerSecond;
    }

    /**
     * Waits until so many bytes may be moved.
     *
     * @throws SnapshotException CANCELLED if the thread is interrupted; its share of the time is spent nevertheless
     */
    public void take(long bytes) {
        long wait = reserve(bytes);
        if (wait > 0) {
            pauses.accept(Duration.ofNanos(wait));
        }
    }

    private synchronized long reserve(long bytes) {
        long now = nanoTime.getAsLong();
        long from = freeAt - now > 0 ? freeAt : now;
        freeAt = from + (long) (bytes * SECOND / bytesPerSecond);
        return from - now;
    }
}
