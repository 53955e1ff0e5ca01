package io.stillframe.libvirt.internal.rbd;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.domain.CephAccess;
import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.model.SnapshotException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One connection to a cluster and the number of contexts on it. librados renews what breaks within it by itself, unless the cluster shut
 * this client out. It is closed with its last context after it was retired, so that no call ever works on a freed handle. Safe for use by
 * several threads.
 */
final class CephConnection {
    private final Pointer cluster;
    private int users;
    private boolean retired;
    private volatile boolean shutOut;

    private CephConnection(Pointer cluster) {
        this.cluster = cluster;
    }

    /**
     * Connects.
     *
     * @param key the user's key; from its keyring if empty
     */
    static CephConnection open(CephAccess access, CephSettings settings, Optional<String> key) {
        PointerByReference created = new PointerByReference();
        String user = access.user().or(settings::user).orElse(null);
        check("make a client", CephLibraries.rados().rados_create(created, user));
        Pointer cluster = created.getValue();
        try {
            configure(cluster, access, settings, key);
            check("connect to the cluster", CephLibraries.rados().rados_connect(cluster));
            return new CephConnection(cluster);
        } catch (RuntimeException e) {
            CephLibraries.rados().rados_shutdown(cluster);
            throw e;
        }
    }

    private static void configure(Pointer cluster, CephAccess access, CephSettings settings, Optional<String> key) {
        String file = settings.configuration().map(Path::toString).orElse(null);
        int read = CephLibraries.rados().rados_conf_read_file(cluster, file);
        boolean needsFile = file != null || access.monitors().isEmpty();
        if (read != -RbdFaults.ENOENT || needsFile) {
            check("read its configuration " + (file == null ? "(is there a ceph.conf?)" : file), read);
        }
        if (!access.monitors().isEmpty()) {
            set(cluster, "mon_host", String.join(",", access.monitors()));
        }
        key.ifPresent(secret -> set(cluster, "key", secret));
        String seconds = Long.toString(settings.deadline().toSeconds());
        set(cluster, "client_mount_timeout", seconds);
        set(cluster, "rados_mon_op_timeout", seconds);
        set(cluster, "rados_osd_op_timeout", seconds);
        // What is read is read once, and what is written must not wait in this process.
        set(cluster, "rbd_cache", "false");
    }

    /** A context for the pool and namespace of a volume. */
    PoolContext context(RbdVolume volume) {
        enter();
        PointerByReference context = new PointerByReference();
        int result = CephLibraries.rados().rados_ioctx_create(cluster, volume.pool(), context);
        if (result < 0) {
            leave();
            throw RbdFaults.of("open the pool " + volume.pool(), Effect.NONE, result);
        }
        if (!volume.namespace().isEmpty()) {
            CephLibraries.rados().rados_ioctx_set_namespace(context.getValue(), volume.namespace());
        }
        return new PoolContext(this, context.getValue());
    }

    /** Whether it has to be replaced by another one. */
    boolean isShutOut() {
        return shutOut;
    }

    void failed(long result) {
        if (result == -RbdFaults.ESHUTDOWN) {
            shutOut = true;
        }
    }

    synchronized void retire() {
        if (!retired) {
            retired = true;
            closeIfUnused();
        }
    }

    private synchronized void enter() {
        if (retired) {
            throw new SnapshotException(
                    SnapshotException.Kind.TRANSIENT, "the connection to the cluster was closed meanwhile");
        }
        users++;
    }

    synchronized void leave() {
        users--;
        closeIfUnused();
    }

    private void closeIfUnused() {
        if (retired && users == 0) {
            CephLibraries.rados().rados_shutdown(cluster);
        }
    }

    private static void set(Pointer cluster, String option, String value) {
        check("take the option " + option, CephLibraries.rados().rados_conf_set(cluster, option, value));
    }

    private static void check(String action, int result) {
        if (result < 0) {
            throw RbdFaults.of(action, Effect.NONE, result);
        }
    }
}
