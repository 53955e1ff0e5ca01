package io.stillframe.libvirt.internal.connection;

import com.sun.jna.Callback;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The functions that libvirt calls when something happens, and who wants to know.
 *
 * <p>libvirt's event loop may be on its way into a function while the connection that it was registered on is being closed, and what it
 * would find there, had Java collected the function, ends the process. So these functions, as the loop itself, are made once and live
 * as long as the process; each registration is told from the others by a key that libvirt hands back, and a key that is not known any
 * more is passed over. libvirt-java's own listeners are collected with their connection, and those for reboots cannot be taken back,
 * which keeps the connection open for ever.
 */
final class NativeEvents {
    private static final Logger LOG = LoggerFactory.getLogger(NativeEvents.class);

    /** {@code VIR_DOMAIN_EVENT_ID_LIFECYCLE}. */
    private static final int LIFECYCLE = 0;

    /** {@code VIR_DOMAIN_EVENT_ID_REBOOT}. */
    private static final int REBOOT = 1;

    /** {@code VIR_UUID_STRING_BUFLEN}. */
    private static final int UUID_BYTES = 37;

    private final Map<Long, Listener> listeners = new ConcurrentHashMap<>();
    private final AtomicLong keys = new AtomicLong();
    private final LifecycleFunction onLifecycle =
            (connection, domain, event, detail, key) -> tell(key, to -> to.changed(uuid(domain)));
    private final DomainFunction onReboot = (connection, domain, key) -> tell(key, to -> to.rebooted(uuid(domain)));
    private final CloseFunction onClose = (connection, reason, key) -> tell(key, Listener::lost);

    /** Who is told. Called on libvirt's event loop, where nothing may wait. */
    interface Listener {
        /** The domain with this identity was defined, started, stopped, or the like. */
        void changed(String uuid);

        void rebooted(String uuid);

        /** The connection ended, and not by its owner. */
        void lost();
    }

    /** {@code virConnectDomainEventCallback}. */
    interface LifecycleFunction extends Callback {
        void call(Pointer connection, Pointer domain, int event, int detail, Pointer key);
    }

    /** {@code virConnectDomainEventGenericCallback}. */
    interface DomainFunction extends Callback {
        void call(Pointer connection, Pointer domain, Pointer key);
    }

    /** {@code virConnectCloseFunc}. */
    interface CloseFunction extends Callback {
        void call(Pointer connection, int reason, Pointer key);
    }

    private static final class Holder {
        static final NativeEvents EVENTS = new NativeEvents();
    }

    private NativeEvents() {}

    /** Begins to tell of a connection's events; closed by the caller before the connection is. */
    static Registration register(Pointer connection, Listener listener) throws LibvirtFailure {
        Registration registration = Holder.EVENTS.new Registration(connection, listener);
        try {
            registration.begin();
            return registration;
        } catch (LibvirtFailure e) {
            registration.close();
            throw e;
        }
    }

    /** What one connection was asked for. For one thread. */
    final class Registration implements AutoCloseable {
        private static final int NONE = -1;

        private final Pointer connection;
        private final Pointer key;
        private int lifecycle = NONE;
        private int reboot = NONE;
        private int close = NONE;

        private Registration(Pointer connection, Listener listener) {
            this.connection = connection;
            this.key = new Pointer(keys.incrementAndGet());
            listeners.put(Pointer.nativeValue(key), listener);
        }

        private void begin() throws LibvirtFailure {
            lifecycle = checked(LibvirtCalls.LIBRARY.virConnectDomainEventRegisterAny(
                    connection, null, LIFECYCLE, onLifecycle, key, null));
            reboot = checked(LibvirtCalls.LIBRARY.virConnectDomainEventRegisterAny(
                    connection, null, REBOOT, onReboot, key, null));
            close = checked(LibvirtCalls.LIBRARY.virConnectRegisterCloseCallback(connection, onClose, key, null));
        }

        /** Ends it; what libvirt has under way is passed over. On a connection that was lost libvirt frees what is its own, and fails. */
        @Override
        public void close() {
            listeners.remove(Pointer.nativeValue(key));
            if (close != NONE) {
                ended(LibvirtCalls.LIBRARY.virConnectUnregisterCloseCallback(connection, onClose));
            }
            deregister(reboot);
            deregister(lifecycle);
        }

        private void deregister(int event) {
            if (event != NONE) {
                ended(LibvirtCalls.LIBRARY.virConnectDomainEventDeregisterAny(connection, event));
            }
        }

        private void ended(int result) {
            if (result < 0) {
                LOG.debug(
                        "a connection did not let its listeners go: {}",
                        LibvirtFailure.last().getMessage());
            }
        }
    }

    private static int checked(int result) throws LibvirtFailure {
        if (result < 0) {
            throw LibvirtFailure.last();
        }
        return result;
    }

    private void tell(Pointer key, Consumer<Listener> event) {
        @Nullable Listener listener = listeners.get(Pointer.nativeValue(key));
        if (listener == null) {
            return;
        }
        try {
            event.accept(listener);
        } catch (RuntimeException e) {
            LOG.warn("an event of libvirt could not be told", e);
        }
    }

    /** The identity is in the handle that comes with the event, libvirt's own: no call to the server. */
    private static String uuid(Pointer domain) {
        byte[] text = new byte[UUID_BYTES];
        if (LibvirtCalls.LIBRARY.virDomainGetUUIDString(domain, text) < 0) {
            throw new IllegalStateException("an event's domain has no identity");
        }
        return Native.toString(text, "US-ASCII");
    }
}
