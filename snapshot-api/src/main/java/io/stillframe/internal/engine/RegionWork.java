package io.stillframe.internal.engine;

import io.stillframe.model.RegionReport;
import io.stillframe.model.RegionReport.Failed;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Page;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Brings all snapshots into a region, or out of it, some at a time. Each one's step is in its record before it is done, so that what was
 * begun comes to its end whatever becomes of this; done again, it goes on with the rest. For one thread, once.
 */
final class RegionWork {
    private static final int PAGE = 200;
    private static final int AT_ONCE = 32;
    private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

    private final SnapshotReads reads;
    private final Copies copies;
    private final Consumer<RegionReport> listener;
    private final Cancellation cancellation;
    private final Set<SnapshotId> underWay = new LinkedHashSet<>();
    private final List<Failed> failures = new ArrayList<>();
    private long begun;
    private long done;

    RegionWork(SnapshotReads reads, Copies copies, Consumer<RegionReport> listener, Cancellation cancellation) {
        this.reads = reads;
        this.copies = copies;
        this.listener = listener;
        this.cancellation = cancellation;
    }

    /** Copies all available snapshots of a query to a region. */
    RegionReport fill(SnapshotQuery query, String region) {
        return run(query.withStatus(SnapshotStatus.AVAILABLE), snapshot -> {
            if (snapshot.replica(region).filter(Replica::isComplete).isPresent()) {
                return true;
            }
            copies.add(snapshot.id(), region);
            return false;
        });
    }

    /**
     * Removes all copies from a region.
     *
     * @param to where snapshots are copied to first that have their only complete copy there
     */
    RegionReport drain(String region, Optional<String> to) {
        return run(SnapshotQuery.all(), snapshot -> isDrained(snapshot, region, to));
    }

    /** Gives up all copies in a region that is gone for good. */
    RegionReport forget(LostRegion lost) {
        return run(SnapshotQuery.all().withStatus(SnapshotStatus.values()), lost::giveUp);
    }

    private boolean isDrained(Snapshot snapshot, String region, Optional<String> to) {
        Optional<Replica> there = snapshot.replica(region);
        if (there.isEmpty()) {
            return true;
        }
        switch (snapshot.status()) {
            case FAILED, CANCELLED -> {
                return true;
            }
            case CAPTURING, QUEUED ->
                throw SnapshotException.conflict(
                        "it is still being stored; drain the region again when it is available");
            case DELETING -> {
                return there.get().state() == Replica.State.REMOVED;
            }
            default -> {
                // Below.
            }
        }
        if (there.get().state() == Replica.State.DELETING) {
            requireAnEnd(snapshot, there.get());
            return false;
        }
        boolean elsewhere = snapshot.replicas().stream()
                .anyMatch(copy -> copy.isComplete() && !copy.region().equals(region));
        if (elsewhere) {
            copies.remove(snapshot.id(), region);
        } else {
            copies.add(
                    snapshot.id(),
                    to.orElseThrow(() -> SnapshotException.conflict(
                            "its only complete copy is in region " + region + "; name a region to copy it to")));
        }
        return false;
    }

    /** What readable snapshots need goes with them; of others nobody knows when. */
    private void requireAnEnd(Snapshot snapshot, Replica copy) {
        if (copy.failure().isPresent() && reads.besidesUnreadable(snapshot)) {
            throw SnapshotException.conflict(copy.failure().get());
        }
    }

    /** @param step does what comes next for a snapshot; whether nothing is left to be done */
    private RegionReport run(SnapshotQuery query, Function<Snapshot, Boolean> step) {
        Optional<String> after = Optional.empty();
        do {
            Page<Snapshot> page = reads.list(query, after, PAGE);
            for (Snapshot snapshot : page.items()) {
                take(snapshot, step);
                awaitRoom(AT_ONCE, step);
            }
            after = page.next();
        } while (after.isPresent());
        awaitRoom(1, step);
        return report();
    }

    private void take(Snapshot snapshot, Function<Snapshot, Boolean> step) {
        begun++;
        if (isOver(snapshot, step)) {
            listener.accept(report());
        } else {
            underWay.add(snapshot.id());
        }
    }

    private void awaitRoom(int most, Function<Snapshot, Boolean> step) {
        while (underWay.size() >= most) {
            cancellation.await(LOOK_AGAIN.toNanos());
            lookAtAll(step);
        }
    }

    private void lookAtAll(Function<Snapshot, Boolean> step) {
        Iterator<SnapshotId> ids = underWay.iterator();
        while (ids.hasNext()) {
            cancellation.check();
            Optional<Snapshot> snapshot = reads.find(ids.next());
            if (snapshot.isEmpty() || isOver(snapshot.get(), step)) {
                done += snapshot.isEmpty() ? 1 : 0;
                ids.remove();
                listener.accept(report());
            }
        }
    }

    private boolean isOver(Snapshot snapshot, Function<Snapshot, Boolean> step) {
        try {
            boolean over = step.apply(snapshot);
            done += over ? 1 : 0;
            return over;
        } catch (SnapshotException e) {
            if (e.retryable()) {
                return false;
            }
            if (e.kind() == Kind.CANCELLED) {
                throw e;
            }
            failures.add(new Failed(snapshot.id(), String.valueOf(e.getMessage())));
            return true;
        }
    }

    private RegionReport report() {
        return new RegionReport(begun, done, failures);
    }
}
