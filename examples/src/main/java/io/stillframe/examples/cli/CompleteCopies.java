package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import java.time.Duration;
import java.util.Collection;
import java.util.function.Predicate;

/** Waits for a snapshot's copies, which a service makes or removes beside. */
final class CompleteCopies {
    private static final Duration LONGEST = Duration.ofDays(1);

    private CompleteCopies() {}

    /** Until it is complete in all of these regions. */
    static Snapshot await(SnapshotService service, SnapshotId id, Collection<String> regions) {
        Predicate<Snapshot> complete = snapshot -> regions.stream()
                .allMatch(region ->
                        snapshot.replica(region).filter(Replica::isComplete).isPresent());
        return service.await(id, complete, LONGEST);
    }

    /** Until a region has confirmed that nothing of it is left there. */
    static Snapshot awaitNone(SnapshotService service, SnapshotId id, String region) {
        return service.await(id, snapshot -> snapshot.replica(region).isEmpty(), LONGEST);
    }
}
