package io.stillframe.libvirt.internal.rbd;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.model.SnapshotException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An open image, or one of its snapshots. Reads are safe for use by several threads; all else is for one. Its calls take as long as
 * Ceph does: {@link CephSession} says who waits for how long.
 */
public final class RbdImage {
    private static final int SNAPSHOT_BYTES = 24;
    private static final int CHILD_BYTES = 48;
    private static final int INFORMATION_BYTES = 160;
    private static final int MOST_LISTED = 1 << 20;

    private final RbdVolume volume;
    private final PoolContext context;
    private final Pointer handle;

    /** Calls hold its reading side: the handle must not be freed under them. */
    private final ReadWriteLock use = new ReentrantReadWriteLock();

    private boolean closed;

    /** One snapshot of an image. */
    public record Snapshot(String name, long size) {}

    /** An image that was cloned from a snapshot and still needs it. */
    public record Child(RbdVolume volume, boolean inTrash) {}

    /** How an image is opened. */
    enum Mode {
        READ,
        CHANGE
    }

    private RbdImage(RbdVolume volume, PoolContext context, Pointer handle) {
        this.volume = volume;
        this.context = context;
        this.handle = handle;
    }

    static RbdImage open(CephConnection connection, RbdVolume volume, @Nullable String snapshot, Mode mode) {
        PoolContext context = connection.context(volume);
        PointerByReference handle = new PointerByReference();
        int result = mode == Mode.READ
                ? CephLibraries.rbd().rbd_open_read_only(context.pointer(), volume.image(), handle, snapshot)
                : CephLibraries.rbd().rbd_open(context.pointer(), volume.image(), handle, snapshot);
        if (result < 0) {
            context.failed(result);
            context.close();
            throw RbdFaults.of(
                    "open the volume " + volume.name() + (snapshot == null ? "" : "@" + snapshot), Effect.NONE, result);
        }
        return new RbdImage(volume, context, handle.getValue());
    }

    public RbdVolume volume() {
        return volume;
    }

    /** Waits for calls that are under way. Again: nothing happens. */
    void close() {
        use.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                int result = CephLibraries.rbd().rbd_close(handle);
                context.close();
                look("close it", result);
            }
        } finally {
            use.writeLock().unlock();
        }
    }

    private <T> T using(Supplier<T> call) {
        use.readLock().lock();
        try {
            if (closed) {
                throw SnapshotException.invalid("the volume " + volume.name() + " is closed");
            }
            return call.get();
        } finally {
            use.readLock().unlock();
        }
    }

    // ---- what it is ----

    public long size() {
        LongByReference size = new LongByReference();
        look("say its size", using(() -> CephLibraries.rbd().rbd_get_size(handle, size)));
        return size.getValue();
    }

    /** The bytes after which its layout repeats: a diff begins at a multiple of this. */
    long period() {
        try (Memory information = new Memory(INFORMATION_BYTES)) {
            look("say its layout", using(() -> CephLibraries.rbd().rbd_stat(handle, information, INFORMATION_BYTES)));
            LongByReference stripes = new LongByReference();
            look("say its layout", using(() -> CephLibraries.rbd().rbd_get_stripe_count(handle, stripes)));
            return Math.multiplyExact(information.getLong(Long.BYTES), Math.max(1, stripes.getValue()));
        }
    }

    /** Whether it keeps a map of its objects that tells what changed, and that map can be trusted. */
    boolean hasFastDiff() {
        LongByReference features = new LongByReference();
        LongByReference flags = new LongByReference();
        look("say its features", using(() -> CephLibraries.rbd().rbd_get_features(handle, features)));
        look("say its flags", using(() -> CephLibraries.rbd().rbd_get_flags(handle, flags)));
        return (features.getValue() & RbdCalls.FEATURE_FAST_DIFF) != 0
                && (flags.getValue() & RbdCalls.FLAGS_DIFF_INVALID) == 0;
    }

    // ---- its snapshots ----

    public List<Snapshot> snapshots() {
        IntByReference count = new IntByReference(16);
        while (true) {
            int room = Math.min(count.getValue(), MOST_LISTED);
            try (Memory list = new Memory((long) room * SNAPSHOT_BYTES)) {
                count.setValue(room);
                // An image that is removed meanwhile has none, and then librbd leaves the list without its end.
                list.clear();
                int found = CephLibraries.rbd().rbd_snap_list(handle, list, count);
                if (found == -RbdFaults.ERANGE && room < MOST_LISTED) {
                    continue;
                }
                look("list its snapshots", found);
                return snapshots(list, found);
            }
        }
    }

    private static List<Snapshot> snapshots(Memory list, int count) {
        try {
            List<Snapshot> found = new ArrayList<>();
            for (long at = 0; at < (long) count * SNAPSHOT_BYTES; at += SNAPSHOT_BYTES) {
                found.add(new Snapshot(text(list.getPointer(at + 16)), list.getLong(at + 8)));
            }
            return found;
        } finally {
            CephLibraries.rbd().rbd_snap_list_end(list);
        }
    }

    public Optional<Snapshot> snapshot(String name) {
        return snapshots().stream().filter(each -> each.name().equals(name)).findFirst();
    }

    public boolean isProtected(String snapshot) {
        IntByReference result = new IntByReference();
        look(
                "say whether " + snapshot + " is protected",
                CephLibraries.rbd().rbd_snap_is_protected(handle, snapshot, result));
        return result.getValue() != 0;
    }

    /** Throws CONFLICT if it exists. */
    public void createSnapshot(String snapshot) {
        change("make its snapshot " + snapshot, CephLibraries.rbd().rbd_snap_create(handle, snapshot));
    }

    /** Protected already: success. */
    public void protect(String snapshot) {
        int result = CephLibraries.rbd().rbd_snap_protect(handle, snapshot);
        if (result != -RbdFaults.EBUSY) {
            change("protect its snapshot " + snapshot, result);
        }
    }

    /** Not protected: success. CONFLICT if clones need it. */
    public void unprotect(String snapshot) {
        int result = CephLibraries.rbd().rbd_snap_unprotect(handle, snapshot);
        if (result != -RbdFaults.EINVAL || isProtected(snapshot)) {
            change("unprotect its snapshot " + snapshot, result);
        }
    }

    /** Gone already: success. */
    public void removeSnapshot(String snapshot) {
        int result = CephLibraries.rbd().rbd_snap_remove(handle, snapshot);
        if (result != -RbdFaults.ENOENT) {
            change("remove its snapshot " + snapshot, result);
        }
    }

    public void renameSnapshot(String snapshot, String renamed) {
        change("rename its snapshot " + snapshot, CephLibraries.rbd().rbd_snap_rename(handle, snapshot, renamed));
    }

    /** The clones of the snapshot that this was opened at. */
    public List<Child> children() {
        LongByReference count = new LongByReference(16);
        while (true) {
            long room = Math.min(count.getValue(), MOST_LISTED);
            try (Memory list = new Memory(room * CHILD_BYTES)) {
                count.setValue(room);
                int result = CephLibraries.rbd().rbd_list_children3(handle, list, count);
                if (result == -RbdFaults.ERANGE && room < MOST_LISTED) {
                    continue;
                }
                look("list its clones", result);
                return children(list, count.getValue());
            }
        }
    }

    private List<Child> children(Memory list, long count) {
        try {
            List<Child> found = new ArrayList<>();
            for (long at = 0; at < count * CHILD_BYTES; at += CHILD_BYTES) {
                RbdVolume child = new RbdVolume(
                        volume.access(),
                        text(list.getPointer(at + 8)),
                        text(list.getPointer(at + 16)),
                        text(list.getPointer(at + 32)));
                found.add(new Child(child, list.getByte(at + 40) != 0));
            }
            return found;
        } finally {
            CephLibraries.rbd().rbd_linked_image_spec_list_cleanup(list, count);
        }
    }

    // ---- its bytes ----

    /** Reads into memory; everything that lies within the image is read. */
    void read(long offset, long length, Pointer buffer) {
        long done = 0;
        while (done < length) {
            long from = done;
            long now =
                    using(() -> CephLibraries.rbd().rbd_read(handle, offset + from, length - from, buffer.share(from)));
            if (now <= 0) {
                throw RbdFaults.of(
                        "read " + length + " bytes at " + offset + " of " + volume.name(),
                        Effect.NONE,
                        now < 0 ? now : -5);
            }
            done += now;
        }
    }

    void write(long offset, long length, Pointer buffer) {
        long done = 0;
        while (done < length) {
            long from = done;
            long now = using(
                    () -> CephLibraries.rbd().rbd_write(handle, offset + from, length - from, buffer.share(from)));
            if (now <= 0) {
                throw RbdFaults.of(
                        "write " + length + " bytes at " + offset + " of " + volume.name(),
                        Effect.CHANGE,
                        now < 0 ? now : -5);
            }
            done += now;
        }
    }

    void flush() {
        change("make it durable", using(() -> CephLibraries.rbd().rbd_flush(handle)));
    }

    /**
     * Tells the runs of a part that hold data, or differ from an older snapshot.
     *
     * @param from the older snapshot; the beginning of time if null
     * @param offset a multiple of {@link #period}
     */
    void diff(@Nullable String from, long offset, long length, boolean wholeObjects, RbdCalls.DiffListener listener) {
        int result = using(() -> CephLibraries.rbd()
                .rbd_diff_iterate2(
                        handle, from, offset, length, (byte) 1, (byte) (wholeObjects ? 1 : 0), listener, null));
        look("say where it " + (from == null ? "holds data" : "differs from " + from), result);
    }

    // ---- the image as a whole ----

    public void grow(long size) {
        if (size > size()) {
            change("grow to " + size + " bytes", CephLibraries.rbd().rbd_resize(handle, size));
        }
    }

    /** Copies what it still has from its parent; not a clone (any more): success. */
    void flatten(RbdCalls.ProgressListener listener) {
        int result = CephLibraries.rbd().rbd_flatten_with_progress(handle, listener, null);
        if (result != -RbdFaults.EINVAL) {
            change("flatten it", result);
        }
    }

    private static String text(@Nullable Pointer characters) {
        return characters == null ? "" : characters.getString(0, StandardCharsets.UTF_8.name());
    }

    private void look(String action, int result) {
        check(action, Effect.NONE, result);
    }

    private void change(String action, int result) {
        check(action, Effect.CHANGE, result);
    }

    private void check(String action, Effect effect, int result) {
        if (result < 0) {
            throw named(action, effect, result);
        }
    }

    private SnapshotException named(String action, Effect effect, int result) {
        context.failed(result);
        return RbdFaults.of(action + " for the volume " + volume.name(), effect, result);
    }
}
