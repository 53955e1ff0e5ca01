package io.stillframe.internal.engine;

import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The latest state of one snapshot as the engine told it, for one thread that waits: it looks into the catalog when the state is as
 * wanted, not at each of the many changes of a transfer's progress.
 */
final class ToldState implements AutoCloseable {
    private final SnapshotId id;
    private final Consumer<ToldState> onClose;
    private final Signal changed = new Signal();
    private final AtomicReference<Optional<Snapshot>> latest = new AtomicReference<>(Optional.empty());
    private volatile boolean ended;

    ToldState(SnapshotId id, Consumer<ToldState> onClose) {
        this.id = id;
        this.onClose = onClose;
    }

    /** Any snapshot's change; returns at once. */
    void offer(Snapshot snapshot) {
        if (snapshot.id().equals(id)) {
            latest.set(Optional.of(snapshot));
            changed.raise();
        }
    }

    /** Nothing will be told any more. */
    void end() {
        ended = true;
        changed.raise();
    }

    /** Waits until a state is told that {@code wanted} holds for, or nothing more will be told, or the time is over. */
    void await(Predicate<Snapshot> wanted, long nanos) {
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0 && !wasToldAs(wanted) && !ended; left = end - System.nanoTime()) {
            changed.await(left);
        }
    }

    /** Takes what was told, so that a state that the catalog does not show yet is not looked up again and again. */
    private boolean wasToldAs(Predicate<Snapshot> wanted) {
        return latest.getAndSet(Optional.empty()).filter(wanted).isPresent();
    }

    @Override
    public void close() {
        onClose.accept(this);
    }
}
