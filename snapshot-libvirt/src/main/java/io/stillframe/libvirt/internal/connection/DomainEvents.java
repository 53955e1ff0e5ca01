package io.stillframe.libvirt.internal.connection;

import io.stillframe.model.InstanceId;
import io.stillframe.spi.Subscription;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands libvirt's events on. libvirt calls back on its event loop's thread, where nothing may wait; listeners are called on one thread
 * of this object's own. Counts the reboots of guests over all connections of the session. Safe for use by several threads.
 */
final class DomainEvents implements NativeEvents.Listener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DomainEvents.class);

    private final Map<String, Set<Watcher>> watchers = new ConcurrentHashMap<>();
    private final Map<String, Long> reboots = new ConcurrentHashMap<>();
    private final ExecutorService delivery = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "stillframe-libvirt-watch");
        thread.setDaemon(true);
        return thread;
    });

    Subscription watch(InstanceId id, Runnable onChange) {
        Watcher watcher = new Watcher(onChange);
        watchers.computeIfAbsent(id.value(), key -> ConcurrentHashMap.newKeySet())
                .add(watcher);
        return () -> {
            watcher.ended = true;
            watchers.computeIfPresent(id.value(), (key, each) -> {
                each.remove(watcher);
                return each.isEmpty() ? null : each;
            });
        };
    }

    long reboots(InstanceId id) {
        return reboots.getOrDefault(id.value(), 0L);
    }

    /** For everybody who watches, that counts as a change. */
    @Override
    public void lost() {
        watchers.values().forEach(this::deliver);
    }

    @Override
    public void close() {
        watchers.clear();
        delivery.shutdownNow();
    }

    @Override
    public void rebooted(String uuid) {
        reboots.merge(uuid, 1L, Long::sum);
        deliver(watchers.getOrDefault(uuid, Set.of()));
    }

    @Override
    public void changed(String uuid) {
        deliver(watchers.getOrDefault(uuid, Set.of()));
    }

    private void deliver(Set<Watcher> each) {
        for (Watcher watcher : each) {
            try {
                delivery.execute(watcher::call);
            } catch (RejectedExecutionException e) {
                LOG.debug("an event came after the session was closed");
            }
        }
    }

    /** One subscription; nothing is delivered once it has ended. */
    private static final class Watcher {
        private final Runnable onChange;
        private volatile boolean ended;

        Watcher(Runnable onChange) {
            this.onChange = onChange;
        }

        void call() {
            if (ended) {
                return;
            }
            try {
                onChange.run();
            } catch (RuntimeException e) {
                LOG.warn("a listener to an instance's changes failed", e);
            }
        }
    }
}
