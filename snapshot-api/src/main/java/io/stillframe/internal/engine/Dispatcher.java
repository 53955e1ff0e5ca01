package io.stillframe.internal.engine;

import io.stillframe.model.ServiceSettings.Worker;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.TakenRecord;
import io.stillframe.spi.TurnRequest.Whose;
import io.stillframe.spi.Work;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins waiting work when its turn has come and this service has a place for it. The catalog decides whose turn it is; what waits for
 * this service only keeps its lease meanwhile. On one thread, which wakes when something is asked for here or a place becomes free, and
 * looks for others' work at jittered intervals if it is to be done here as well.
 */
final class Dispatcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
    private static final Duration NOTHING_TO_DO = Duration.ofMinutes(1);

    private final Installation installation;
    private final Begin begin;
    private final Map<SnapshotId, Job> waiting = new ConcurrentHashMap<>();
    private final Map<SnapshotId, TakenRecord> early = new ConcurrentHashMap<>();
    private final Map<Work, AtomicInteger> busy =
            new EnumMap<>(Map.of(Work.CAPTURE, new AtomicInteger(), Work.TRANSFER, new AtomicInteger()));
    private final Signal changed = new Signal();
    private final Thread thread;
    private boolean inDoubt;

    /** Begins the work of a record that was taken. */
    @FunctionalInterface
    interface Begin {
        /** @param own the job that waited for it here, if one did */
        void begin(Optional<Job> own, TakenRecord taken);
    }

    Dispatcher(Installation installation, String name, Begin begin) {
        this.installation = installation;
        this.begin = begin;
        this.thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** Lets a job of this service wait for its turn. */
    void add(Job job) {
        waiting.put(job.id(), job);
        beginIfEarly(job.id());
        changed.raise();
    }

    /** It waits no longer. */
    void forget(Job job) {
        waiting.remove(job.id(), job);
        early.remove(job.id());
    }

    /** Something may have changed. */
    void look() {
        changed.raise();
    }

    void occupy(Work work) {
        place(work).incrementAndGet();
    }

    void vacate(Work work) {
        place(work).decrementAndGet();
        changed.raise();
    }

    private AtomicInteger place(Work work) {
        AtomicInteger place = busy.get(work);
        if (place == null) {
            throw new IllegalArgumentException("no places for " + work);
        }
        return place;
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            Duration pause = round();
            try {
                changed.await(pause.toNanos());
            } catch (SnapshotException e) {
                return;
            }
        }
    }

    /** Begins what may begin; how long there is nothing to do then. */
    private Duration round() {
        try {
            if (inDoubt) {
                resolve();
            }
            while (!Thread.currentThread().isInterrupted() && beginOne()) {
                LOG.trace("looking for the next one");
            }
            boolean watches = installation.settings().worker() == Worker.ANY || !waiting.isEmpty();
            return watches && !free().isEmpty() ? pause() : NOTHING_TO_DO;
        } catch (RuntimeException | Error e) {
            LOG.warn("waiting work could not be begun, trying again: {}", e.toString());
            inDoubt = true;
            return pause();
        }
    }

    private boolean beginOne() {
        return switch (installation.settings().worker()) {
            case ANY -> take(free(), Whose.ANY);
            case OWN, NONE -> take(waitedFor(), Whose.OWN);
        };
    }

    private boolean take(Set<Work> kinds, Whose whose) {
        if (kinds.isEmpty()) {
            return false;
        }
        Optional<TakenRecord> taken = installation
                .catalog()
                .takeTurn(
                        installation.turn(kinds, whose),
                        installation.owner(),
                        installation.settings().leaseTtl());
        taken.ifPresent(this::begin);
        return taken.isPresent();
    }

    /** Its record says that work waits a moment before its job does: the turn may come in between. */
    private void begin(TakenRecord taken) {
        SnapshotId id = taken.record().snapshot().id();
        if (installation.settings().worker() == Worker.ANY) {
            begin.begin(Optional.empty(), taken);
        } else {
            early.put(id, taken);
            beginIfEarly(id);
        }
    }

    /** Whoever comes last, the turn or the job, begins it. */
    private void beginIfEarly(SnapshotId id) {
        TakenRecord taken = waiting.containsKey(id) ? early.remove(id) : null;
        if (taken != null) {
            Optional.ofNullable(waiting.remove(id)).ifPresent(job -> begin.begin(Optional.of(job), taken));
        }
    }

    /** A turn may have been taken although the catalog's answer was lost. */
    private void resolve() {
        for (Job job : waiting.values()) {
            Optional<CatalogRecord> found = installation.catalog().find(job.id());
            found.filter(record -> !record.work().waits())
                    .ifPresent(
                            record -> begin(new TakenRecord(record, job.record().lease())));
        }
        inDoubt = false;
    }

    private Set<Work> free() {
        Set<Work> free = EnumSet.noneOf(Work.class);
        if (place(Work.CAPTURE).get() < installation.settings().capturesAtOnce()) {
            free.add(Work.WAITS_TO_CAPTURE);
        }
        if (place(Work.TRANSFER).get() < installation.settings().transfersAtOnce()) {
            free.add(Work.WAITS_TO_TRANSFER);
        }
        return free;
    }

    /** What jobs of this service wait for and there is a place for. */
    private Set<Work> waitedFor() {
        Set<Work> wanted = EnumSet.noneOf(Work.class);
        waiting.values().forEach(job -> wanted.add(job.record().record().work()));
        wanted.retainAll(free());
        return wanted;
    }

    /** Shortened at random by up to a half, so that services do not look all at once. */
    private Duration pause() {
        long nanos = installation.settings().poll().toNanos();
        return Duration.ofNanos(nanos - ThreadLocalRandom.current().nextLong(nanos / 2 + 1));
    }

    @Override
    public void close() {
        thread.interrupt();
        Threads.join(thread);
    }
}
