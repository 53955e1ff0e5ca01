package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.time.Duration;
import java.util.Collections;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews the leases of this service's jobs, three times per lease; a job whose lease was lost is told to stop. Also listens at each
 * job's {@link Doorbell}, by which other processes ask for its end. Jobs are looked at apart from each other: a call of the catalog's
 * that takes long for one of them does not let the leases of the others expire.
 */
final class LeaseKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);
    private static final int AT_ONCE = 16;
    private static final long IDLE_SECONDS = 30;

    private final Doorbell doorbell;
    private final Set<Job> jobs = Collections.newSetFromMap(new ConcurrentHashMap<>());
    private final Set<Job> underWay = Collections.newSetFromMap(new ConcurrentHashMap<>());
    private final Thread thread;
    private final ThreadPoolExecutor renewals;
    private final Duration interval;

    LeaseKeeper(Duration ttl, Doorbell doorbell, String name) {
        this.doorbell = doorbell;
        this.interval = ttl.dividedBy(3);
        this.renewals = new ThreadPoolExecutor(
                AT_ONCE,
                AT_ONCE,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> daemon(task, name + "-renewal"));
        renewals.allowCoreThreadTimeOut(true);
        this.thread = daemon(this::beat, name);
        thread.start();
    }

    void keep(Job job) {
        jobs.add(job);
    }

    void drop(Job job) {
        jobs.remove(job);
    }

    private void beat() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Thread.sleep(interval.toMillis());
            } catch (InterruptedException e) {
                return;
            }
            lookAtAll();
        }
    }

    private void lookAtAll() {
        try {
            jobs.forEach(this::lookSoon);
        } catch (RuntimeException | Error e) {
            LOG.warn("the leases could not be renewed, trying again", e);
        }
    }

    /** Not while the last look at it has not come to an end. */
    private void lookSoon(Job job) {
        if (!underWay.add(job)) {
            return;
        }
        try {
            renewals.execute(() -> {
                try {
                    job.inContext(() -> look(job));
                } finally {
                    underWay.remove(job);
                }
            });
        } catch (RuntimeException | Error e) {
            underWay.remove(job);
            throw e;
        }
    }

    private void look(Job job) {
        try {
            job.record().renew();
            if (doorbell.rung(job.id())) {
                job.stop(Job.StopReason.OWNER, "cancelled by its owner");
            }
        } catch (SnapshotException e) {
            if (e.kind() == Kind.FENCED && jobs.contains(job)) {
                LOG.warn("the lease was lost to another process; leaving the snapshot alone");
                job.stop(Job.StopReason.FENCED, String.valueOf(e.getMessage()));
            } else {
                LOG.warn("the lease could not be renewed, trying again: {}", e.getMessage());
            }
        } catch (RuntimeException | Error e) {
            LOG.warn("the lease could not be renewed, trying again", e);
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        renewals.shutdownNow();
        Threads.join(thread);
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }
}
