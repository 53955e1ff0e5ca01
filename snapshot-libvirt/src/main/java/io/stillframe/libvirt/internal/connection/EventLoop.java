package io.stillframe.libvirt.internal.connection;

import java.util.concurrent.locks.LockSupport;
import org.libvirt.Connect;
import org.libvirt.Library;
import org.libvirt.LibvirtException;
import org.libvirt.jna.Libvirt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * libvirt's event loop. libvirt has exactly one per process, it must be registered before the first connection is opened, and it can
 * never be unregistered; so this one holder starts it when it is first needed and its daemon thread lives as long as the process.
 * The function that libvirt reports errors to is process-global as well and is set here, to the log.
 * Without the loop there are no events and no keepalive, and a dead server would go unnoticed. An application that already runs
 * libvirt's loop through libvirt-java may go on doing so: libvirt lets only one thread at a time turn it.
 */
final class EventLoop {
    private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);

    /** Every failure is thrown where it happens; without this, libvirt would print it on the process's standard error as well. */
    private static final Libvirt.VirErrorCallback TO_LOG =
            (userData, error) -> LOG.debug("libvirt reports code {}: {}", error.code, error.message);

    private static final long PAUSE_AFTER_FAULT_NANOS = 100_000_000L;

    private EventLoop() {}

    /** Starts the loop unless it runs. */
    static void ensureRunning() {
        Holder.THREAD.isAlive();
    }

    /** Runs the loop's registration exactly once, under the class initialisation's own lock. */
    private static final class Holder {
        static final Thread THREAD = start();

        private static Thread start() {
            try {
                Library.initEventLoop();
                Connect.setErrorCallback(TO_LOG);
            } catch (LibvirtException e) {
                throw Faults.unreachable("start libvirt's event loop", LibvirtFailure.of(e));
            }
            Thread thread = new Thread(EventLoop::turn, "stillframe-libvirt-events");
            thread.setDaemon(true);
            thread.start();
            return thread;
        }
    }

    private static void turn() {
        while (true) {
            try {
                Library.processEvent();
            } catch (LibvirtException | RuntimeException e) {
                LOG.warn("libvirt's event loop failed and goes on", e);
                LockSupport.parkNanos(PAUSE_AFTER_FAULT_NANOS);
            }
        }
    }
}
