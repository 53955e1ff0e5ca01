package io.stillframe.internal.engine;

import io.stillframe.spi.SnapshotCatalog;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time that is believed before something is deleted for good: never later than it really is because one clock jumped. It is the
 * earliest of what can be asked: this machine's clock, the catalog's own clock if it has one, and, unless that one agrees with a jump,
 * the time that has passed on the machine's steady counter since the service started. A clock that jumps back only delays.
 *
 * <p>A clock that the service was given is believed as far as the steady counter goes: it need not run at its speed.
 */
final class TrustedTime {
    private static final Logger LOG = LoggerFactory.getLogger(TrustedTime.class);

    /** Steps that time servers make, and what suspended threads miss. */
    private static final Duration STEP = Duration.ofSeconds(60);

    private final Clock clock;
    private final SnapshotCatalog catalog;
    private final LongSupplier steadyNanos;
    private final boolean steady;
    private Instant startTime;
    private long startNanos;
    private boolean warned;

    TrustedTime(Clock clock, SnapshotCatalog catalog) {
        this(clock, catalog, System::nanoTime, clock.equals(Clock.systemUTC()));
    }

    TrustedTime(Clock clock, SnapshotCatalog catalog, LongSupplier steadyNanos, boolean steady) {
        this.clock = clock;
        this.catalog = catalog;
        this.steadyNanos = steadyNanos;
        this.steady = steady;
        this.startTime = clock.instant();
        this.startNanos = steadyNanos.getAsLong();
    }

    /** Throws what the catalog throws if its clock cannot be asked. */
    Instant now() {
        Optional<Instant> witness = catalog.ownTime();
        Instant local = local(witness);
        return witness.filter(local::isAfter).orElse(local);
    }

    private synchronized Instant local(Optional<Instant> witness) {
        Instant wall = clock.instant();
        if (!steady) {
            return wall;
        }
        Instant passed = startTime.plusNanos(steadyNanos.getAsLong() - startNanos);
        if (!wall.isAfter(passed.plus(STEP))) {
            return wall;
        }
        if (witness.filter(time -> time.isAfter(wall.minus(STEP))).isPresent()) {
            // The machine slept, or its clock was put right.
            startTime = wall;
            startNanos = steadyNanos.getAsLong();
            return wall;
        }
        if (!warned) {
            warned = true;
            LOG.warn(
                    "the clock jumped from {} to {} and nothing confirms it: snapshots expire by the time that passes"
                            + " until the service is started again",
                    passed,
                    wall);
        }
        return passed;
    }
}
