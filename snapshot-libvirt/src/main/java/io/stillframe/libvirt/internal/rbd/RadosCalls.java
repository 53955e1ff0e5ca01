package io.stillframe.libvirt.internal.rbd;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import org.jspecify.annotations.Nullable;

/** The calls of librados that are used. Signatures follow {@code rados/librados.h}; a result under 0 is an {@code errno}, negated. */
public interface RadosCalls extends Library {
    int rados_create(PointerByReference cluster, @Nullable String user);

    int rados_conf_read_file(Pointer cluster, @Nullable String path);

    int rados_conf_set(Pointer cluster, String option, String value);

    int rados_connect(Pointer cluster);

    void rados_shutdown(Pointer cluster);

    int rados_ioctx_create(Pointer cluster, String pool, PointerByReference context);

    void rados_ioctx_set_namespace(Pointer context, String namespace);

    void rados_ioctx_destroy(Pointer context);
}
