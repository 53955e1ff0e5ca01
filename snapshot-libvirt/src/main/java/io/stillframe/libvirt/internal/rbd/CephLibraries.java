package io.stillframe.libvirt.internal.rbd;

import com.sun.jna.Library;
import com.sun.jna.Native;
import io.stillframe.model.SnapshotException;
import java.util.Map;

/** Ceph's client libraries, loaded when the first volume is touched: a host without Ceph needs none. */
final class CephLibraries {
    private static final String RADOS = "librados.so.2";
    private static final String RBD = "librbd.so.1";

    private final RadosCalls rados;
    private final RbdCalls rbd;

    private CephLibraries() {
        this.rados = load(RADOS, RadosCalls.class);
        this.rbd = load(RBD, RbdCalls.class);
    }

    private static final class Loaded {
        private static final CephLibraries LIBRARIES = new CephLibraries();
    }

    static RadosCalls rados() {
        return libraries().rados;
    }

    static RbdCalls rbd() {
        return libraries().rbd;
    }

    private static CephLibraries libraries() {
        try {
            return Loaded.LIBRARIES;
        } catch (ExceptionInInitializerError | NoClassDefFoundError missing) {
            throw new SnapshotException(
                    SnapshotException.Kind.UNSUPPORTED,
                    "volumes of Ceph need " + RADOS + " and " + RBD
                            + " on this host, for a 64-bit Java; install librados2 and librbd1",
                    missing);
        }
    }

    private static <T extends Library> T load(String library, Class<T> calls) {
        if (Native.SIZE_T_SIZE != Long.BYTES) {
            throw new UnsatisfiedLinkError("a 64-bit Java is needed");
        }
        return Native.load(library, calls, Map.of(Library.OPTION_STRING_ENCODING, "UTF-8"));
    }
}
