package io.stillframe.libvirt.internal.connection;

import io.stillframe.model.InstanceId;
import io.stillframe.spi.Subscription;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.libvirt.Domain;
import org.libvirt.LibvirtException;
import org.libvirt.event.LifecycleListener;
import org.libvirt.event.RebootListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands libvirt's events on. libvirt calls back on its event loop's thread, where nothing may wait; listeners are called on one thread
 * of this object's own. Counts the reboots of guests over all connections of the session. Safe for use by several threads.
 */
final class DomainEvents implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DomainEvents.class);

    private final Map<String, Set<Watcher>> watchers = new ConcurrentHashMap<>();
    private final Map<String, Long> reboots = new ConcurrentHashMap<>();
    private final ExecutorService delivery = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "stillframe-libvirt-watch");
        thread.setDaemon(true);
        return thread;
    });

    private final LifecycleListener onLifecycle = (domain, event) -> {
        changed(domain);
        return 0;
    };
    private final RebootListener onReboot = this::rebooted;

    /** Starts listening on a new connection. */
    void attach(LiveConnection.NativeConnect connect) throws LibvirtFailure {
        try {
            connect.addLifecycleListener(onLifecycle);
            connect.addRebootListener(onReboot);
            connect.registerCloseListener((closed, reason) -> lost());
        } catch (LibvirtException e) {
            throw LibvirtFailure.of(e);
        }
    }

    /** Stops listening on a connection that is about to be closed. */
    void detach(LiveConnection.NativeConnect connect) {
        try {
            connect.unregisterCloseListener();
            connect.removeLifecycleListener(onLifecycle);
        } catch (LibvirtException e) {
            LOG.debug("a connection that is being closed did not let its listeners go", e);
        }
    }

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

    /** The connection was lost: for everybody who watches, that counts as a change. */
    void lost() {
        watchers.values().forEach(this::deliver);
    }

    @Override
    public void close() {
        watchers.clear();
        delivery.shutdownNow();
    }

    private void rebooted(Domain domain) {
        String id = idOf(domain);
        reboots.merge(id, 1L, Long::sum);
        deliver(watchers.getOrDefault(id, Set.of()));
    }

    private void changed(Domain domain) {
        deliver(watchers.getOrDefault(idOf(domain), Set.of()));
    }

    /** The identity is in the handle that comes with the event: no call to the server. The handle is ours to free. */
    private static String idOf(Domain domain) {
        try {
            return domain.getUUIDString();
        } catch (LibvirtException e) {
            throw new IllegalStateException("an event's domain has no identity", e);
        } finally {
            DomainHandle.release(domain);
        }
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
