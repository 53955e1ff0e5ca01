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
    private int users;
    private boolean retired;

    private LiveConnection(NativeConnect connect) {
        this.connect = connect;
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

    static LiveConnection open(String uri) throws LibvirtFailure {
        try {
            NativeConnect connect = new NativeConnect(uri);
            connect.setKeepAlive(KEEPALIVE_SECONDS, KEEPALIVE_MISSES);
            return new LiveConnection(connect);
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
            try {
                connect.close();
            } catch (LibvirtException e) {
                LOG.debug("closing a connection failed", e);
            }
        }
    }
}
