package io.stillframe.libvirt.internal.rbd;

import com.sun.jna.Callback;
import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import org.jspecify.annotations.Nullable;

/**
 * The calls of librbd that are used. Signatures follow {@code rbd/librbd.h} of Ceph 14 and newer, on 64 bits, where {@code size_t} is a
 * {@code long}; a result under 0 is an {@code errno}, negated.
 */
public interface RbdCalls extends Library {
    /** {@code RBD_FEATURE_FAST_DIFF}. */
    long FEATURE_FAST_DIFF = 1 << 4;

    /** {@code RBD_FLAG_OBJECT_MAP_INVALID} and {@code RBD_FLAG_FAST_DIFF_INVALID}. */
    long FLAGS_DIFF_INVALID = 3;

    /** Told of each run of a diff; {@code exists} is 0 for one that is known to be zeros. */
    interface DiffListener extends Callback {
        int onExtent(long offset, long length, int exists, @Nullable Pointer argument);
    }

    /** Told of the progress of a long operation. */
    interface ProgressListener extends Callback {
        int onProgress(long done, long total, @Nullable Pointer argument);
    }

    int rbd_open(Pointer context, String image, PointerByReference handle, @Nullable String snapshot);

    int rbd_open_read_only(Pointer context, String image, PointerByReference handle, @Nullable String snapshot);

    int rbd_close(Pointer handle);

    int rbd_get_size(Pointer handle, LongByReference size);

    int rbd_stat(Pointer handle, Pointer information, long length);

    int rbd_get_features(Pointer handle, LongByReference features);

    int rbd_get_flags(Pointer handle, LongByReference flags);

    int rbd_get_stripe_count(Pointer handle, LongByReference count);

    int rbd_snap_list(Pointer handle, Pointer snapshots, IntByReference count);

    void rbd_snap_list_end(Pointer snapshots);

    int rbd_snap_create(Pointer handle, String snapshot);

    int rbd_snap_remove(Pointer handle, String snapshot);

    int rbd_snap_rename(Pointer handle, String snapshot, String renamed);

    int rbd_snap_protect(Pointer handle, String snapshot);

    int rbd_snap_unprotect(Pointer handle, String snapshot);

    int rbd_snap_is_protected(Pointer handle, String snapshot, IntByReference isProtected);

    int rbd_list_children3(Pointer handle, Pointer children, LongByReference count);

    void rbd_linked_image_spec_list_cleanup(Pointer children, long count);

    long rbd_read(Pointer handle, long offset, long length, Pointer buffer);

    long rbd_write(Pointer handle, long offset, long length, Pointer buffer);

    int rbd_flush(Pointer handle);

    int rbd_diff_iterate2(
            Pointer handle,
            @Nullable String from,
            long offset,
            long length,
            byte includeParent,
            byte wholeObject,
            DiffListener listener,
            @Nullable Pointer argument);

    void rbd_image_options_create(PointerByReference options);

    void rbd_image_options_destroy(Pointer options);

    int rbd_create4(Pointer context, String image, long size, Pointer options);

    int rbd_clone3(
            Pointer parentContext, String parent, String snapshot, Pointer context, String image, Pointer options);

    int rbd_resize(Pointer handle, long size);

    int rbd_flatten_with_progress(Pointer handle, ProgressListener listener, @Nullable Pointer argument);

    int rbd_remove(Pointer context, String image);
}
