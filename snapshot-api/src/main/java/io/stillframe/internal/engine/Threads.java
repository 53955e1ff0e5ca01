package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A service's threads: named after it and their work, bounded in number, ended with it. */
final class Threads implements AutoCloseable {
    private static final long IDLE_SECONDS = 30;
    private static final int URGENT = 4;
    private static final int DELIVERIES = 4;

    private final String service;
    private final ThreadPoolExecutor captures;
    private final ThreadPoolExecutor transfers;
    private final ThreadPoolExecutor copies;
    private final int uploadsAtOnce;
    private final int callsAtOnce;
    /** Each region has its own: one that hangs keeps no other one's. */
    private final Map<String, ThreadPoolExecutor> regions = new ConcurrentHashMap<>();

    private final ThreadPoolExecutor deliveries;
    private final ScheduledThreadPoolExecutor urgent;
    private final ScheduledThreadPoolExecutor releases;
    private final ScheduledThreadPoolExecutor ticks;

    Threads(String service, int captures, int transfers, int uploads) {
        this.service = service;
        this.captures = pool("capture", captures);
        this.transfers = pool("transfer", transfers);
        this.copies = pool("copy", transfers);
        this.uploadsAtOnce = uploads;
        this.callsAtOnce = transfers + URGENT;
        this.deliveries = pool("deliver", DELIVERIES);
        this.urgent = scheduler("return", URGENT);
        this.releases = scheduler("release", transfers + 2);
        this.ticks = scheduler("tick", 2);
    }

    ExecutorService captures() {
        return captures;
    }

    ExecutorService transfers() {
        return transfers;
    }

    /** Copies from region to region. */
    ExecutorService copies() {
        return copies;
    }

    /** Sends parts to a region. */
    ExecutorService uploads(Region region) {
        return regions.computeIfAbsent("upload-" + region.name(), name -> pool(name, uploadsAtOnce));
    }

    /** Makes other calls of a region, where several regions' are made at once. */
    ExecutorService calls(Region region) {
        return regions.computeIfAbsent("call-" + region.name(), name -> pool(name, callsAtOnce));
    }

    /** Calls listeners. */
    ExecutorService deliveries() {
        return deliveries;
    }

    /** Powers instances on and thaws them. */
    ScheduledThreadPoolExecutor urgent() {
        return urgent;
    }

    /** Releases points in time and removes what failed work left in stores; takes long. */
    ScheduledThreadPoolExecutor releases() {
        return releases;
    }

    /** Publishes progress and looks for stalls. */
    ScheduledThreadPoolExecutor ticks() {
        return ticks;
    }

    String nameOf(String work) {
        return "stillframe-" + service + "-" + work;
    }

    /** Waits for a thread that was told to end. */
    static void join(Thread thread) {
        try {
            thread.join(TimeUnit.SECONDS.toMillis(IDLE_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends all threads; nothing new begins. Work still under way is interrupted. */
    @Override
    public void close() {
        List<ThreadPoolExecutor> all =
                new ArrayList<>(List.of(ticks, captures, transfers, copies, urgent, releases, deliveries));
        all.addAll(regions.values());
        for (ThreadPoolExecutor pool : all) {
            pool.shutdownNow();
        }
        for (ThreadPoolExecutor pool : all) {
            awaitEnd(pool);
        }
    }

    private ThreadPoolExecutor pool(String work, int most) {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                most, most, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named(work));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    private ScheduledThreadPoolExecutor scheduler(String work, int threads) {
        ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(threads, named(work));
        scheduler.setRemoveOnCancelPolicy(true);
        scheduler.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
        scheduler.allowCoreThreadTimeOut(true);
        return scheduler;
    }

    private ThreadFactory named(String work) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(LogContext.without(task), nameOf(work) + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    private static void awaitEnd(ExecutorService pool) {
        try {
            if (!pool.awaitTermination(IDLE_SECONDS, TimeUnit.SECONDS)) {
                throw new SnapshotException(
                        SnapshotException.Kind.PERMANENT,
                        "a thread of the service did not end within " + IDLE_SECONDS + " s; a plugin is stuck");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
