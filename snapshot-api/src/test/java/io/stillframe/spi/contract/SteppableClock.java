package io.stillframe.spi.contract;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that stands still until a test moves it, in either direction. Safe for use by several threads. */
public final class SteppableClock extends Clock {
    private final AtomicReference<Instant> now;

    private SteppableClock(AtomicReference<Instant> now) {
        this.now = now;
    }

    /** A clock that stands at {@code start}. */
    public static SteppableClock at(Instant start) {
        return new SteppableClock(new AtomicReference<>(start));
    }

    /** Moves it; a negative step goes back. */
    public void step(Duration by) {
        now.updateAndGet(instant -> instant.plus(by));
    }

    /** Sets it. */
    public void set(Instant to) {
        now.set(to);
    }

    @Override
    public Instant instant() {
        return now.get();
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    /** This clock: its time is UTC whatever the zone. */
    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }
}
