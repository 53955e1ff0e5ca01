package io.stillframe.internal.engine;

import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes snapshots at the second at which their retention is over: sleeps until the next expiry of the catalog, whoever made it, and
 * looks at least once a minute, for what other processes changed. Any number of services may do so on one catalog; the lease decides
 * which one removes a snapshot. Also goes on with removals that somebody could not finish.
 */
final class RetentionTimer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RetentionTimer.class);
    private static final Duration LONGEST_SLEEP = Duration.ofMinutes(1);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(5);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
    private static final int REMOVALS_AT_ONCE = 4;

    private final Expiries expiries;
    private final TrustedTime time;
    private final BlockingQueue<String> bell = new ArrayBlockingQueue<>(1);
    private final ExecutorService removals;
    private final Thread thread;
    private final Set<SnapshotId> underWay = ConcurrentHashMap.newKeySet();
    /** When to try again what failed or what somebody else has, by {@link System#nanoTime}. */
    private final Map<SnapshotId, Long> notBefore = new ConcurrentHashMap<>();
    /** How often a removal has failed: what lasts, as clones that need a snapshot, is looked at now and then. */
    private final Map<SnapshotId, Integer> failures = new ConcurrentHashMap<>();

    RetentionTimer(Expiries expiries, TrustedTime time, String name) {
        this.expiries = expiries;
        this.time = time;
        this.removals = Executors.newFixedThreadPool(REMOVALS_AT_ONCE, task -> daemon(task, name + "-removal"));
        this.thread = daemon(this::run, name);
    }

    void start() {
        thread.start();
    }

    /** A retention was changed: what comes next may be another one. */
    void look() {
        if (!bell.offer("look")) {
            LOG.trace("it is going to look anyway");
        }
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Duration pause = round();
                if (bell.poll(pause.toNanos(), TimeUnit.NANOSECONDS) != null) {
                    LOG.trace("looking, a retention was changed");
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** How long nothing will expire. */
    private Duration round() {
        try {
            List<Snapshot> due = expiries.due();
            due.forEach(snapshot -> begin(snapshot.id(), expiries::remove));
            List<Snapshot> halfRemoved = expiries.halfRemoved();
            halfRemoved.forEach(snapshot -> begin(snapshot.id(), expiries::finish));
            forgetFailuresBut(due, halfRemoved);
            return untilNext();
        } catch (RuntimeException | Error e) {
            LOG.warn("expired snapshots could not be removed, trying again: {}", e.toString());
            return AFTER_FAILURE;
        }
    }

    private Duration untilNext() {
        long now = System.nanoTime();
        notBefore.values().removeIf(at -> at - now <= 0);
        Set<SnapshotId> seenTo = new HashSet<>(underWay);
        seenTo.addAll(notBefore.keySet());
        Duration again = notBefore.values().stream()
                .map(at -> Duration.ofNanos(Math.max(0, at - now)))
                .min(Comparator.naturalOrder())
                .orElse(LONGEST_SLEEP);
        Duration left = expiries.next(seenTo)
                .map(at -> Duration.between(time.now(), at))
                .orElse(LONGEST_SLEEP);
        Duration shorter = left.compareTo(again) < 0 ? left : again;
        return shorter.isNegative() ? Duration.ZERO : shorter;
    }

    /** One removal that takes long, or fails, keeps no other one waiting. */
    private void begin(SnapshotId id, Consumer<SnapshotId> removal) {
        Long later = notBefore.get(id);
        boolean waits = later != null && later - System.nanoTime() > 0;
        if (waits || !underWay.add(id)) {
            return;
        }
        removals.execute(() -> {
            try {
                if (removed(id, removal)) {
                    failures.remove(id);
                } else {
                    notBefore.put(id, System.nanoTime() + pauseAfterFailure(id).toNanos());
                    look();
                }
            } finally {
                underWay.remove(id);
            }
        });
    }

    /** Those of snapshots that another service has removed, or whose retention was changed, are none any more. */
    private void forgetFailuresBut(List<Snapshot> due, List<Snapshot> halfRemoved) {
        Set<SnapshotId> left = new HashSet<>();
        due.forEach(snapshot -> left.add(snapshot.id()));
        halfRemoved.forEach(snapshot -> left.add(snapshot.id()));
        failures.keySet().retainAll(left);
    }

    private Duration pauseAfterFailure(SnapshotId id) {
        int times = failures.merge(id, 1, (before, one) -> Math.min(before + one, 16));
        Duration pause = AFTER_FAILURE.multipliedBy(1L << (times - 1));
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }

    /** Whether it is gone; not so if somebody else has it. */
    private static boolean removed(SnapshotId id, Consumer<SnapshotId> removal) {
        try {
            removal.accept(id);
            return true;
        } catch (SnapshotException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return true;
            }
            if (e.kind() == Kind.CONFLICT || e.kind() == Kind.UNSUPPORTED) {
                LOG.debug("snapshot {} is left alone: {}", id, e.getMessage());
            } else {
                LOG.warn("snapshot {} has expired and could not be removed, trying again: {}", id, e.getMessage());
            }
            return false;
        } catch (RuntimeException | Error e) {
            LOG.warn("the removal of snapshot {} ended unexpectedly, trying again", id, e);
            return false;
        }
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void close() {
        thread.interrupt();
        removals.shutdown();
        Threads.join(thread);
        try {
            if (!removals.awaitTermination(30, TimeUnit.SECONDS)) {
                LOG.warn("a removal is still under way; it is finished by another service");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
