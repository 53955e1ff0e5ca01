package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews the leases of this service's jobs, three times per lease, on one thread; a job whose lease was lost is told to stop. Also
 * listens at each job's {@link Doorbell}, by which other processes ask for its end.
 */
final class LeaseKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LeaseKeeper.class);

    private final Doorbell doorbell;
    private final Map<Job, Thread> jobs = new ConcurrentHashMap<>();
    private final Thread thread;
    private final Duration interval;

    LeaseKeeper(Duration ttl, Doorbell doorbell, String name) {
        this.doorbell = doorbell;
        this.interval = ttl.dividedBy(3);
        this.thread = new Thread(this::beat, name);
        thread.setDaemon(true);
        thread.start();
    }

    void keep(Job job) {
        jobs.put(job, thread);
    }

    void drop(Job job) {
        jobs.remove(job);
    }

    private void beat() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Thread.sleep(interval.toMillis());
                jobs.keySet().forEach(job -> job.inContext(() -> look(job)));
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void look(Job job) {
        try {
            job.record().renew();
            if (doorbell.rung(job.id())) {
                job.stop(Job.StopReason.OWNER, "cancelled by its owner");
            }
        } catch (SnapshotException e) {
            if (e.kind() == Kind.FENCED && jobs.containsKey(job)) {
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
        Threads.join(thread);
    }
}
