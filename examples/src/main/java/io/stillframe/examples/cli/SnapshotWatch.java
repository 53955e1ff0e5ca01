package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Subscription;
import java.time.Duration;
import java.util.function.Predicate;

/**
 * Follows one snapshot of a service to where it is wanted: shows its progress, and when the process is told to stop closes the
 * service, so that the instance comes back first.
 */
final class SnapshotWatch implements AutoCloseable {
    /** The engine judges stalls by lack of progress; the tool itself sets no limit of its own. */
    private static final Duration NO_LIMIT = Duration.ofDays(3650);

    private final SnapshotService service;
    private final SnapshotId id;
    private final ProgressDisplay progress;
    private final Subscription subscription;
    private final InterruptibleWork interrupt;

    SnapshotWatch(Console console, Places places, SnapshotService service, SnapshotId id) {
        this.service = service;
        this.id = id;
        this.progress = new ProgressDisplay(console);
        this.subscription = service.watch(id, this::show);
        this.interrupt = new InterruptibleWork(console, () -> {
            progress.close();
            service.close();
            return lastState(console, places, id);
        });
    }

    /** Waits for it. */
    Snapshot await(Predicate<Snapshot> until) {
        Snapshot reached = service.await(id, until, NO_LIMIT);
        show(reached);
        return reached;
    }

    private void show(Snapshot snapshot) {
        progress.show(ProgressLine.state(snapshot), ProgressLine.moving(snapshot));
    }

    @Override
    public void close() {
        interrupt.close();
        subscription.close();
        progress.close();
    }

    /** Says what became of a snapshot that has settled. */
    static int conclude(Snapshot settled, Console console) {
        if (settled.status() == SnapshotStatus.AVAILABLE) {
            console.err().println(SnapshotText.outcome(settled));
            return Stillframe.DONE;
        }
        console.complain(SnapshotText.outcome(settled));
        return Stillframe.FAILED;
    }

    /** The service is closed, so the catalog is asked anew. */
    private static String lastState(Console console, Places places, SnapshotId id) {
        try (SnapshotService records = places.records(console).build()) {
            return SnapshotText.outcome(records.get(id));
        }
    }
}
