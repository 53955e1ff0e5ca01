package io.stillframe.internal.engine;

import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Page;
import io.stillframe.spi.SnapshotCatalog.Owners;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Catches up with copies that are behind and removes those that are not wanted any more, as long as the service lives: whatever snapshot of
 * the catalog owes any, whoever made it. Looks about once per lease, and at once when something is owed here. Any number of services may
 * do so on one catalog; the lease decides which one works on a snapshot. What fails is tried again with growing pauses until it is done.
 */
final class Replicator implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Replicator.class);
    private static final int PAGE = 200;
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
    /** Whoever ended a copy wants the snapshot for something else. */
    private static final Duration GIVING_WAY = Duration.ofSeconds(3);

    private final Installation installation;
    private final Retries retries;
    private final Threads threads;
    private final RegionCalls calls;
    private final Jobs jobs;
    private final Takeover takeover;
    private final Removal removal;
    private final Signal changed = new Signal();
    private final Set<SnapshotId> underWay = ConcurrentHashMap.newKeySet();
    /** What failed or gives way, by snapshot and region. */
    private final Map<String, Pause> pauses = new ConcurrentHashMap<>();

    private final Thread thread;

    /**
     * @param failures so far
     * @param until when to try again, by {@link System#nanoTime}
     */
    private record Pause(int failures, long until) {
        boolean isOver() {
            return until - System.nanoTime() <= 0;
        }
    }

    Replicator(
            Installation installation,
            Retries retries,
            Threads threads,
            RegionCalls calls,
            Jobs jobs,
            Takeover takeover,
            Removal removal) {
        this.installation = installation;
        this.retries = retries;
        this.threads = threads;
        this.calls = calls;
        this.jobs = jobs;
        this.takeover = takeover;
        this.removal = removal;
        this.thread = new Thread(this::run, threads.nameOf("replication"));
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** A copy may be owed. */
    void look() {
        changed.raise();
    }

    /** It is wanted now, whatever happened before. */
    void look(SnapshotId id) {
        pauses.keySet().removeIf(name -> name.startsWith(id.value()));
        look();
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            round();
            try {
                changed.await(pause().toNanos());
            } catch (SnapshotException e) {
                return;
            }
        }
    }

    private void round() {
        try {
            Optional<String> after = Optional.empty();
            do {
                Page<CatalogRecord> page = installation.catalog().unfinished(Owners.NONE, after, PAGE);
                page.items().stream()
                        .filter(this::isDue)
                        .forEach(record -> begin(record.snapshot().id()));
                after = page.next();
            } while (after.isPresent());
        } catch (RuntimeException | Error e) {
            LOG.warn("copies that are owed could not be looked for, trying again: {}", e.toString());
        }
    }

    /** Until the next look, or the next try of what failed. */
    private Duration pause() {
        long now = System.nanoTime();
        long lease = installation.settings().leaseTtl().toNanos();
        long regular = lease - ThreadLocalRandom.current().nextLong(lease / 2 + 1);
        long soonest = pauses.values().stream()
                .mapToLong(pause -> pause.until() - now)
                .filter(left -> left > 0)
                .min()
                .orElse(regular);
        return Duration.ofNanos(Math.max(1_000_000, Math.min(regular, soonest)));
    }

    private boolean isDue(CatalogRecord record) {
        Snapshot snapshot = record.snapshot();
        return Recovery.onlyOwesCopies(record)
                && jobs.find(snapshot.id()).isEmpty()
                && isDue(snapshot.id().value())
                && snapshot.replicas().stream()
                        .filter(Replicas::isOwed)
                        .flatMap(replica -> installation.regionOf(replica).stream())
                        .anyMatch(region -> isDue(name(snapshot.id(), region)));
    }

    private boolean isDue(String name) {
        Pause pause = pauses.get(name);
        return pause == null || pause.isOver();
    }

    private void begin(SnapshotId id) {
        if (underWay.add(id)) {
            threads.copies().execute(() -> {
                try {
                    work(id);
                } catch (RuntimeException | Error e) {
                    LOG.warn("the copies of {} could not be worked on, trying again: {}", id, e.toString());
                    failed(id.value());
                } finally {
                    underWay.remove(id);
                    look();
                }
            });
        }
    }

    private void work(SnapshotId id) {
        Optional<Job> taken;
        try {
            taken = takeover.now(id);
        } catch (SnapshotException e) {
            if (e.kind() != Kind.NOT_FOUND && e.kind() != Kind.CONFLICT) {
                throw e;
            }
            return;
        }
        taken.ifPresent(job -> {
            job.copies();
            try {
                job.inContext(() -> copy(job));
            } finally {
                jobs.end(job);
            }
        });
    }

    private void copy(Job job) {
        if (!Recovery.onlyOwesCopies(job.record().record())) {
            return;
        }
        try {
            List<Region> failed = new CopyWork(installation, retries, threads, calls, job)
                    .run(region -> isDue(name(job.id(), region)));
            removal.removeUnneededBeside(job.record().snapshot());
            List<String> names =
                    failed.stream().map(region -> name(job.id(), region)).toList();
            names.forEach(this::failed);
            pauses.keySet().removeIf(name -> name.startsWith(job.id().value()) && !names.contains(name) && isDue(name));
        } catch (SnapshotException e) {
            if (!job.cancellation().requested() && !job.record().isFenced()) {
                throw e;
            }
            LOG.info("copying ended: {}", e.getMessage());
            pauses.put(job.id().value(), new Pause(0, System.nanoTime() + GIVING_WAY.toNanos()));
        }
    }

    private void failed(String name) {
        pauses.compute(name, (key, before) -> {
            int failures = before == null ? 1 : before.failures() + 1;
            // Fast at first, as for any passing fault; what lasts is looked at now and then.
            Duration pause = retries.pauseAfter(failures).multipliedBy(failures);
            Duration bounded = pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
            return new Pause(failures, System.nanoTime() + bounded.toNanos());
        });
    }

    private static String name(SnapshotId id, Region region) {
        return id + "/" + region.name();
    }

    /** Copies under way are ended with their jobs. */
    @Override
    public void close() {
        thread.interrupt();
        Threads.join(thread);
    }
}
