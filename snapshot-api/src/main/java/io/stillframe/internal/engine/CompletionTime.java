package io.stillframe.internal.engine;

import io.stillframe.model.CaptureReport;
import io.stillframe.model.Snapshot;
import java.time.Instant;

/** When something is complete. */
final class CompletionTime {
    private CompletionTime() {}

    /**
     * By the clock that all services share, if the catalog has one: none that goes wrong by itself shortens a retention. Otherwise by this
     * machine's, and not before what it has called the point in time.
     */
    static Instant of(Snapshot snapshot, Installation installation) {
        return installation.catalog().ownTime().orElseGet(() -> {
            Instant local = installation.clock().instant();
            return snapshot.capture()
                    .map(CaptureReport::pointInTime)
                    .filter(local::isBefore)
                    .orElse(local);
        });
    }
}
