package io.stillframe.internal.engine;

import io.stillframe.model.Snapshot;
import io.stillframe.spi.Capacity;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.RunningWork;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Says what waiting work waits for. Looks at what runs once a second at most. */
final class Waiting {
    private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

    private final Installation installation;
    private volatile Optional<Seen> seen = Optional.empty();

    Waiting(Installation installation) {
        this.installation = installation;
    }

    private record Seen(List<RunningWork> running, long at) {}

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
        long now = System.nanoTime();
        Optional<Seen> fresh = seen.filter(last -> now - last.at() <= FRESH_NANOS);
        if (fresh.isPresent()) {
            return fresh.get().running();
        }
        List<RunningWork> running = installation.catalog().running();
        seen = Optional.of(new Seen(running, now));
        return running;
    }
}
