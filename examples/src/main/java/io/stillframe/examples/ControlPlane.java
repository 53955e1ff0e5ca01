package io.stillframe.examples;

import io.stillframe.SnapshotService;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport;
import io.stillframe.spi.Cancellation;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a control plane embeds the service: it recovers what an earlier process left as soon as it starts, sweeps what has expired
 * once a minute, and answers requests at once while the work goes on. Safe for use by several threads.
 */
public final class ControlPlane implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);
    private static final long SWEEP_SECONDS = 60;

    private final SnapshotService service;
    private final ScheduledExecutorService housekeeping;
    private final Cancellation stopping = new Cancellation();

    /**
     * Starts it.
     *
     * @param service stays the caller's to close, after this
     */
    public ControlPlane(SnapshotService service) {
        this.service = service;
        this.housekeeping =
                Executors.newSingleThreadScheduledExecutor(work -> new Thread(work, "control-plane-housekeeping"));
        housekeeping.execute(() -> guarded("recovery", this::recover));
        var unused = housekeeping.scheduleWithFixedDelay(
                () -> guarded("sweep", this::sweep), SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
    }

    /**
     * Asks for a snapshot and returns at once.
     *
     * @param listener hears every state that the snapshot comes to; may take its time
     * @throws SnapshotException what the caller can be told as it is: an unknown instance, a snapshot in progress, …
     */
    public SnapshotId snapshot(String instance, String name, int retentionDays, Consumer<Snapshot> listener) {
        SnapshotRequest request = SnapshotRequest.of(instance).withName(name).withRetentionDays(retentionDays);
        SnapshotId id = service.create(request).id();
        // Ends with the snapshot or the service.
        var unused = service.watch(id, listener);
        return id;
    }

    /** What an answer over HTTP would be: whether the caller, the state of things or the other side is to blame. */
    public static int httpStatus(SnapshotException e) {
        return switch (e.kind()) {
            case NOT_FOUND -> 404;
            case CONFLICT, FENCED, CANCELLED -> 409;
            case INVALID -> 400;
            case UNSUPPORTED -> 422;
            case THROTTLED -> 429;
            case TRANSIENT, OUTCOME_UNKNOWN -> 503;
            case CORRUPT, PERMANENT -> 500;
        };
    }

    /** Ends the housekeeping; the service goes on. */
    @Override
    public void close() {
        stopping.cancel("the control plane is stopping");
        housekeeping.shutdown();
    }

    /** Waits until the housekeeping has ended, {@code limit} at most. */
    public boolean awaitEnd(Duration limit) throws InterruptedException {
        return housekeeping.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void recover() {
        for (RecoveryReport.Item item : service.recover(stopping).items()) {
            LOG.info("recovered {}: {}, {}", item.snapshot(), item.outcome(), item.detail());
        }
    }

    private void sweep() {
        SweepReport report = service.sweep(SweepMode.REMOVE, stopping);
        LOG.debug("swept: {} removed", report.count(SweepReport.Action.REMOVED));
    }

    /** A scheduled task that throws would never run again. */
    private static void guarded(String what, Runnable task) {
        try {
            task.run();
        } catch (SnapshotException e) {
            LOG.warn("{} did not finish and is tried again: {}", what, e.getMessage());
        }
    }
}
