package io.stillframe.testing.simulation;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock that goes with simulated time and may be wrong. */
public final class NodeClock extends Clock {
    private final Simulation simulation;
    private Duration wrongBy = Duration.ZERO;

    NodeClock(Simulation simulation) {
        this.simulation = simulation;
    }

    /** Sets it that much beside the true time. */
    public void setWrongBy(Duration value) {
        wrongBy = value;
    }

    @Override
    public Instant instant() {
        return simulation.trueTime().plus(wrongBy);
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        return this;
    }
}
