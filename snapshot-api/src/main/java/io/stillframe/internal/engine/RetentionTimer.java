package io.stillframe.internal.engine;

import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
    private static final int REMOVALS_AT_ONCE = 4;

    private final Expiries expiries;
    private final TrustedTime time;
    private final BlockingQueue<String> bell = new ArrayBlockingQueue<>(1);
    private final ExecutorService removals;
    private final Thread thread;

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
    private Duration round() throws InterruptedException {
        try {
            List<Snapshot> due = expiries.due();
            boolean removed = together(due, expiries::remove);
            boolean finished = together(expiries.halfRemoved(), expiries::finish);
            if (!due.isEmpty()) {
                LOG.info("{} snapshots have expired", due.size());
            }
            return removed && finished ? untilNext() : AFTER_FAILURE;
        } catch (RuntimeException | Error e) {
            LOG.warn("expired snapshots could not be removed, trying again: {}", e.toString());
            return AFTER_FAILURE;
        }
    }

    private Duration untilNext() {
        Optional<Instant> next = expiries.next();
        Duration left = next.map(at -> Duration.between(time.now(), at)).orElse(LONGEST_SLEEP);
        if (left.isNegative()) {
            // It was due already and somebody else has it.
            return AFTER_FAILURE;
        }
        return left.compareTo(LONGEST_SLEEP) < 0 ? left : LONGEST_SLEEP;
    }

    private boolean together(List<Snapshot> snapshots, Consumer<SnapshotId> removal) throws InterruptedException {
        List<Future<Boolean>> running = snapshots.stream()
                .map(snapshot -> removals.submit(() -> done(snapshot.id(), removal)))
                .toList();
        boolean all = true;
        for (Future<Boolean> one : running) {
            try {
                all &= one.get();
            } catch (ExecutionException e) {
                LOG.warn("a removal ended unexpectedly, trying again", e.getCause());
                all = false;
            }
        }
        return all;
    }

    /** Whether nothing is left to do about it here. */
    private static boolean done(SnapshotId id, Consumer<SnapshotId> removal) {
        try {
            removal.accept(id);
            return true;
        } catch (SnapshotException e) {
            if (e.kind() == Kind.CONFLICT || e.kind() == Kind.NOT_FOUND || e.kind() == Kind.UNSUPPORTED) {
                LOG.debug("snapshot {} is left alone: {}", id, e.getMessage());
                return true;
            }
            LOG.warn("snapshot {} has expired and could not be removed, trying again: {}", id, e.getMessage());
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
