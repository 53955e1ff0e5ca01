package io.stillframe.spi.contract;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock that stands still until a test moves it, in either direction. Safe for use by several threads. */
public final class SteppableClock extends Clock {
    private volatile Instant now;

    private SteppableClock(Instant start) {
        this.now = start;
    }

    /** A clock that stands at {@code start}. */
    public static SteppableClock at(Instant start) {
        return new SteppableClock(start);
    }

    /** Moves it; a negative step goes back. */
    public synchronized void step(Duration by) {
        now = now.plus(by);
    }

    /** Sets it. */
    public synchronized void set(Instant to) {
        now = to;
    }

    @Override
    public Instant instant() {
        return now;
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
