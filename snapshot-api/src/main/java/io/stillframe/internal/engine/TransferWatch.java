package io.stillframe.internal.engine;

import io.stillframe.model.Progress;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches one transfer from outside its threads: shows its progress, to watchers five times and to the catalog once a second at most,
 * and stops it when no byte has moved for too long. A slow catalog or listener never holds the transfer up.
 */
final class TransferWatch {
    private static final Logger LOG = LoggerFactory.getLogger(TransferWatch.class);
    private static final long SHOW_MILLIS = 200;
    private static final long WRITE_MILLIS = 1000;

    private final Job job;
    private final ScheduledExecutorService ticks;
    private final Duration stallLimit;
    private final Consumer<Job> onProgress;
    private Optional<ScheduledFuture<?>> showing = Optional.empty();
    private Optional<ScheduledFuture<?>> writing = Optional.empty();
    private volatile @Nullable PartedUpload upload;
    private volatile List<Region> destinations = List.of();
    private volatile Progress progress = Progress.none();
    private volatile Progress shown = Progress.none();
    private Progress written = Progress.none();
    private long total;
    private long readBefore;
    /** Of earlier transfers: counted as read, but not as speed. */
    private final AtomicLong skipped = new AtomicLong();

    private final RateMeter meter = new RateMeter(System::nanoTime);
    private volatile long storedBefore;
    private long lastMove = System.nanoTime();
    private long lastSum = -1;

    TransferWatch(Job job, ScheduledExecutorService ticks, Duration stallLimit, Consumer<Job> onProgress) {
        this.job = job;
        this.ticks = ticks;
        this.stallLimit = stallLimit;
        this.onProgress = onProgress;
    }

    void begin(long dataBytes) {
        total = dataBytes;
        progress = new Progress(dataBytes, 0, 0);
        lastMove = System.nanoTime();
        showing =
                Optional.of(ticks.scheduleWithFixedDelay(this::show, SHOW_MILLIS, SHOW_MILLIS, TimeUnit.MILLISECONDS));
        writing = Optional.of(
                ticks.scheduleWithFixedDelay(this::write, WRITE_MILLIS, WRITE_MILLIS, TimeUnit.MILLISECONDS));
    }

    /** The next disk goes through {@code target}, to these regions. */
    void disk(PartedUpload target, List<Region> regions) {
        upload = target;
        destinations = regions;
    }

    /** Counts of the disk that is being sent. */
    void onProgress(long bytesRead, long bytesStored) {
        progress = new Progress(
                Math.max(total, readBefore + bytesRead), readBefore + bytesRead, storedBefore + bytesStored);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes it
    void diskDone(long bytesRead, long bytesStored) {
        onProgress(bytesRead, bytesStored);
        readBefore += bytesRead;
        upload = null;
        storedBefore = storedBefore + bytesStored;
    }

    /** A disk that an earlier transfer has stored. */
    void diskSkipped(long bytesRead, long bytesStored) {
        skipped.addAndGet(bytesRead);
        diskDone(bytesRead, bytesStored);
    }

    Progress progress() {
        return progress;
    }

    void end() {
        showing.ifPresent(future -> future.cancel(false));
        writing.ifPresent(future -> future.cancel(false));
    }

    private void show() {
        job.inContext(() -> {
            Progress counted = progress;
            Progress now = counted.at(meter.rate(counted.bytesRead() - skipped.get()));
            shown = now;
            PartedUpload sending = upload;
            long sum = now.bytesRead() + now.bytesStored() + (sending == null ? 0 : sending.moved());
            job.progress(now);
            if (sum != lastSum) {
                lastSum = sum;
                lastMove = System.nanoTime();
                onProgress.accept(job);
            } else if (System.nanoTime() - lastMove >= stallLimit.toNanos()) {
                job.stop(
                        Job.StopReason.STALLED,
                        "the transfer moved no byte for " + stallLimit.toSeconds() + " s, after " + now.bytesRead()
                                + " of " + now.bytesTotal()
                                + " bytes; check the store and the host's disks, then take the snapshot again");
            }
        });
    }

    /** How much of each copy has arrived. */
    private Snapshot withCopies(Snapshot snapshot) {
        PartedUpload sending = upload;
        if (sending == null) {
            return snapshot;
        }
        Snapshot told = snapshot;
        for (Region region : destinations) {
            long bytes = storedBefore + sending.bytesArrived(region.name());
            told = Replicas.with(told, region, copy -> copy.isComplete() ? copy : copy.withBytesStored(bytes));
        }
        return told;
    }

    private void write() {
        Progress now = shown;
        if (now.equals(written)) {
            return;
        }
        job.inContext(() -> {
            try {
                job.record().update(s -> withCopies(s).toBuilder().progress(now).build());
                written = now;
            } catch (SnapshotException e) {
                LOG.info("the progress could not be written: {}", e.getMessage());
            }
        });
    }
}
