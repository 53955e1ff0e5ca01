package io.stillframe.libvirt.internal.connection;

import com.sun.jna.Pointer;
import org.libvirt.Connect;
import org.libvirt.LibvirtException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One native connection and the number of calls that use it. It is closed by the last user after it was retired, so that no call ever
 * works on a freed handle. Safe for use by several threads.
 */
final class LiveConnection {
    private static final Logger LOG = LoggerFactory.getLogger(LiveConnection.class);
    private static final int KEEPALIVE_SECONDS = 5;
    private static final int KEEPALIVE_MISSES = 4;

    private final NativeConnect connect;
    private final NativeEvents.Registration events;
    private int users;
    private boolean retired;

    private LiveConnection(NativeConnect connect, NativeEvents.Registration events) {
        this.connect = connect;
        this.events = events;
    }

    /** Gives the subclass's right to the handle that libvirt-java keeps protected, for the calls that it lacks. */
    static final class NativeConnect extends Connect {
        NativeConnect(String uri) throws LibvirtException {
            super(uri);
        }

        Pointer handle() {
            return vcp.getPointer();
        }
    }

    /** @param listener is told of the domains' events until the connection is closed */
    static LiveConnection open(String uri, NativeEvents.Listener listener) throws LibvirtFailure {
        try {
            NativeConnect connect = new NativeConnect(uri);
            try {
                connect.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_MISSES);
                return new LiveConnection(connect, NativeEvents.register(connect.handle(), listener));
            } catch (LibvirtException | LibvirtFailure e) {
                close(connect);
                throw e;
            }
        } catch (LibvirtException e) {
            throw LibvirtFailure.of(e);
        }
    }

    NativeConnect connect() {
        return connect;
    }

    synchronized boolean enter() {
        if (retired) {
            return false;
        }
        users++;
        return true;
    }

    synchronized void leave() {
        users--;
        closeIfUnused();
    }

    synchronized void retire() {
        if (!retired) {
            retired = true;
            closeIfUnused();
        }
    }

    boolean isAlive() {
        try {
            return connect.isAlive();
        } catch (LibvirtException e) {
            LOG.debug("a connection that cannot say whether it lives is dead", e);
            return false;
        }
    }

    private void closeIfUnused() {
        if (retired && users == 0) {
            events.close();
            close(connect);
        }
    }

    private static void close(NativeConnect connect) {
        try {
            int users = connect.close();
            if (users > 0) {
                LOG.debug("a connection goes on for the {} events that are under way", users);
            }
        } catch (LibvirtException e) {
            LOG.debug("closing a connection failed", e);
        }
    }
}
