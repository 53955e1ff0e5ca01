package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches one copy from region to region from outside its threads: ends it when its job is told to stop or no byte moves for too long, and
 * writes to the record, twice a second at most, how much has arrived.
 */
final class CopyWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CopyWatch.class);
    private static final long LOOK_MILLIS = 100;
    private static final long WRITE_MILLIS = 500;

    private final Job job;
    private final Region target;
    private final Duration stallLimit;
    private final Cancellation copying = new Cancellation();
    private final AtomicLong bytesRead = new AtomicLong();
    private final AtomicLong bytesBefore = new AtomicLong();
    private final ScheduledFuture<?> looking;
    private final ScheduledFuture<?> writing;
    private volatile @Nullable PartedUpload upload;
    private volatile boolean stalled;
    private long lastMove = System.nanoTime();
    private long lastSum = -1;
    private long written = -1;

    CopyWatch(Job job, Region target, ScheduledExecutorService ticks, Duration stallLimit) {
        this.job = job;
        this.target = target;
        this.stallLimit = stallLimit;
        this.looking = ticks.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        this.writing = ticks.scheduleWithFixedDelay(this::write, WRITE_MILLIS, WRITE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Asked for when the copy is to end. */
    Cancellation cancellation() {
        return copying;
    }

    void sendsBy(PartedUpload value) {
        upload = value;
    }

    void read(int bytes) {
        bytesRead.addAndGet(bytes);
    }

    /** One object is complete in the target. */
    void objectDone(long bytes) {
        upload = null;
        bytesBefore.addAndGet(bytes);
    }

    /** What a copy's end by this watch really means. */
    SnapshotException explained(SnapshotException e) {
        return stalled
                ? SnapshotException.transientFault(
                        "the copy to region " + target.name() + " moved no byte for " + stallLimit.toSeconds() + " s",
                        e)
                : e;
    }

    private long bytesArrived() {
        PartedUpload sending = upload;
        return bytesBefore.get() + (sending == null ? 0 : sending.bytesArrived(target.name()));
    }

    private void look() {
        if (job.cancellation().requested()) {
            copying.cancel(job.stopped().map(Job.Stop::message).orElse("the copy was told to stop"));
            return;
        }
        PartedUpload sending = upload;
        long sum = bytesRead.get() + bytesBefore.get() + (sending == null ? 0 : sending.moved());
        if (sum != lastSum) {
            lastSum = sum;
            lastMove = System.nanoTime();
        } else if (System.nanoTime() - lastMove >= stallLimit.toNanos()) {
            stalled = true;
            copying.cancel("it moved no byte for too long");
        }
    }

    private void write() {
        long arrived = bytesArrived();
        if (arrived == written || copying.requested()) {
            return;
        }
        try {
            job.record()
                    .update(s ->
                            Replicas.with(s, target, copy -> copy.isComplete() ? copy : copy.withBytesStored(arrived)));
            written = arrived;
        } catch (SnapshotException e) {
            LOG.info("the progress of a copy could not be written: {}", e.getMessage());
        }
    }

    @Override
    public void close() {
        looking.cancel(false);
        writing.cancel(false);
    }
}
