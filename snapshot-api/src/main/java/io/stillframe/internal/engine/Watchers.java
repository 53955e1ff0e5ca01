package io.stillframe.internal.engine;

import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.Subscription;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers snapshots' states to listeners, on threads that do nothing else. Each subscription keeps only the latest undelivered state,
 * so that a slow listener costs nobody anything. What other processes change is found by looking into the catalog twice a second, as
 * long as somebody listens.
 */
final class Watchers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watchers.class);
    private static final long LOOK_MILLIS = 500;

    private final List<Watch> watches = new CopyOnWriteArrayList<>();
    private final Set<ToldState> told = ConcurrentHashMap.newKeySet();
    private final Executor deliveries;
    private final ScheduledExecutorService ticks;

    Watchers(Executor deliveries, ScheduledExecutorService ticks) {
        this.deliveries = deliveries;
        this.ticks = ticks;
    }

    /**
     * Begins to look for other processes' changes.
     *
     * @param local whether this service works on a snapshot; its changes are told as they happen
     * @param stored the snapshot as the catalog has it; empty if it is gone
     */
    @SuppressWarnings("FutureReturnValueIgnored") // ends with its executor
    void start(Predicate<SnapshotId> local, Function<SnapshotId, Optional<Snapshot>> stored) {
        Runnable look = () -> watches.stream()
                .map(watch -> watch.id)
                .distinct()
                .filter(local.negate())
                .forEach(id -> look(id, stored));
        ticks.scheduleWithFixedDelay(look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    Subscription add(Snapshot present, Consumer<Snapshot> listener) {
        Watch watch = new Watch(present.id(), listener);
        watches.add(watch);
        watch.offer(present);
        return watch::end;
    }

    /** For who waits in a thread of its own until a snapshot that this service may work on is as wanted; closed by the caller. */
    ToldState tell(SnapshotId id) {
        ToldState state = new ToldState(id, told::remove);
        told.add(state);
        return state;
    }

    /** Something changed; returns at once. */
    void changed(Snapshot snapshot) {
        told.forEach(state -> state.offer(snapshot));
        for (Watch watch : watches) {
            if (watch.id.equals(snapshot.id())) {
                watch.offer(snapshot);
            }
        }
    }

    @Override
    public void close() {
        watches.forEach(Watch::end);
        told.forEach(ToldState::end);
    }

    private void look(SnapshotId id, Function<SnapshotId, Optional<Snapshot>> stored) {
        try {
            Optional<Snapshot> found = stored.apply(id);
            found.ifPresent(this::changed);
            if (found.isEmpty()) {
                watches.removeIf(watch -> watch.id.equals(id));
            }
        } catch (RuntimeException e) {
            LOG.info("snapshot {} could not be looked up for its watchers: {}", id, e.getMessage());
        }
    }

    /** One subscription. */
    private final class Watch {
        private final SnapshotId id;
        private final Consumer<Snapshot> listener;
        private @Nullable Snapshot latest;
        private @Nullable Snapshot delivered;
        private boolean delivering;
        private boolean ended;

        Watch(SnapshotId id, Consumer<Snapshot> listener) {
            this.id = id;
            this.listener = listener;
        }

        synchronized void end() {
            watches.remove(this);
            latest = null;
            ended = true;
        }

        synchronized void offer(Snapshot snapshot) {
            latest = snapshot;
            if (!delivering && !snapshot.equals(delivered)) {
                delivering = true;
                try {
                    deliveries.execute(this::deliver);
                } catch (RejectedExecutionException e) {
                    delivering = false;
                }
            }
        }

        private void deliver() {
            for (Optional<Snapshot> next = next(); next.isPresent(); next = next()) {
                try {
                    listener.accept(next.get());
                } catch (RuntimeException | Error e) {
                    // Whatever it throws is its own affair: the next state is delivered all the same.
                    LogContext.run(next.get(), () -> LOG.warn("a listener of snapshot {} failed", id, e));
                }
            }
        }

        private synchronized Optional<Snapshot> next() {
            Snapshot snapshot = latest;
            latest = null;
            if (snapshot == null || snapshot.equals(delivered) || ended) {
                delivering = false;
                return Optional.empty();
            }
            delivered = snapshot;
            return Optional.of(snapshot);
        }
    }
}
