package io.stillframe.internal.engine;

import io.stillframe.image.StreamListener;
import io.stillframe.model.LaunchListener;
import io.stillframe.model.Progress;
import io.stillframe.spi.Cancellation;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes one disk's progress on to a launch's listener, at most ten times a second, and the caller's cancellation on to the job. For one thread.
 */
final class LaunchProgress implements StreamListener {
    private static final Logger LOG = LoggerFactory.getLogger(LaunchProgress.class);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final LaunchListener listener;
    private final String device;
    private final long total;
    private final long before;
    private final Job job;
    private final Cancellation caller;
    private long told = System.nanoTime() - PAUSE_NANOS;

    LaunchProgress(LaunchListener listener, String device, long total, long before, Job job, Cancellation caller) {
        this.listener = listener;
        this.device = device;
        this.total = total;
        this.before = before;
        this.job = job;
        this.caller = caller;
    }

    @Override
    public void onProgress(long bytesRead, long bytesWritten) {
        if (caller.requested()) {
            job.stop(Job.StopReason.OWNER, "the launch was cancelled");
        }
        long now = System.nanoTime();
        long read = before + bytesRead;
        if (now - told >= PAUSE_NANOS || read >= total) {
            told = now;
            tell(new Progress(Math.max(total, read), read, bytesWritten));
        }
    }

    private void tell(Progress progress) {
        try {
            listener.onProgress(device, progress);
        } catch (RuntimeException e) {
            LOG.warn("a launch's listener failed", e);
        }
    }
}
