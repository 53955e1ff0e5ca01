package io.stillframe.internal.engine;

import io.stillframe.model.Snapshot;
import io.stillframe.spi.Capacity;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.RunningWork;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** Says what waiting work waits for. Looks at what runs once a second at most. */
final class Waiting {
    private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

    private final Installation installation;
    private final AtomicReference<Seen> seen = new AtomicReference<>(new Seen(List.of(), 0, false));

    Waiting(Installation installation) {
        this.installation = installation;
    }

    private record Seen(List<RunningWork> running, long at, boolean known) {}

    /** The snapshot with what it waits for, if its work waits for its turn. */
    Snapshot explained(CatalogRecord record, Snapshot snapshot) {
        if (!record.work().waits() || snapshot.status().settled()) {
            return snapshot;
        }
        RunningWork wanted = RunningWork.of(record.work().begun(), snapshot);
        String reason = new Capacity(installation.settings().limits(), running())
                .obstacle(wanted)
                .map(obstacle -> "its turn: " + obstacle)
                .orElseGet(() -> "a free place in a service that reaches " + wanted.host()
                        + wanted.store().map(store -> " and " + store).orElse(""));
        return snapshot.toBuilder().waitsFor(reason).build();
    }

    private List<RunningWork> running() {
        Seen last = seen.get();
        long now = System.nanoTime();
        if (!last.known() || now - last.at() > FRESH_NANOS) {
            last = new Seen(installation.catalog().running(), now, true);
            seen.set(last);
        }
        return last.running();
    }
}
