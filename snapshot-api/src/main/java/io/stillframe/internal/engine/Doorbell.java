package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.SnapshotCatalog;
import java.time.Duration;
import java.util.Optional;

/**
 * How one process asks another to end its work on a snapshot, through the catalog that they share: whoever wants it to end takes the
 * lease {@code stop:<snapshot>}; the worker tries the same lease with every heartbeat and knows by being refused. Leases expire, so
 * that a wish outlives neither its snapshot nor its need.
 */
final class Doorbell {
    private static final Duration TRIED_FOR = Duration.ofSeconds(1);

    private final SnapshotCatalog catalog;
    private final String owner;

    Doorbell(SnapshotCatalog catalog, String owner) {
        this.catalog = catalog;
        this.owner = owner;
    }

    /** Whether somebody else wants the work to end. */
    boolean rung(SnapshotId id) {
        LeaseOutcome outcome = catalog.acquire(resource(id), owner, TRIED_FOR);
        if (outcome instanceof LeaseOutcome.Granted granted) {
            catalog.release(granted.lease());
        }
        return outcome instanceof LeaseOutcome.Held held && !held.by().owner().equals(owner);
    }

    /**
     * Asks for the end.
     *
     * @param patience how long the wish stands
     * @return what to give back when it has been met; empty if it has to be asked again, or somebody else is asking already
     */
    Optional<Lease> ring(SnapshotId id, Duration patience) {
        Duration ttl = patience.compareTo(TRIED_FOR) < 0 ? TRIED_FOR : patience;
        return catalog.acquire(resource(id), owner, ttl) instanceof LeaseOutcome.Granted granted
                ? Optional.of(granted.lease())
                : Optional.empty();
    }

    /** Takes a wish back; it would expire anyway. */
    void stopRinging(Lease wish) {
        try {
            catalog.release(wish);
        } catch (SnapshotException e) {
            // It expires by itself.
        }
    }

    private static String resource(SnapshotId id) {
        return "stop:" + id;
    }
}
