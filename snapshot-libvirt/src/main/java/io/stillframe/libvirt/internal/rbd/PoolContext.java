package io.stillframe.libvirt.internal.rbd;

import com.sun.jna.Pointer;

/**
 * A native context of one pool, and a use of its connection.
 *
 * @param connection whose
 * @param pointer the context
 */
record PoolContext(CephConnection connection, Pointer pointer) implements AutoCloseable {
    /** Notes what a failure says about the connection. */
    void failed(long result) {
        connection.failed(result);
    }

    /** To be called once. */
    @Override
    public void close() {
        CephLibraries.rados().rados_ioctx_destroy(pointer);
        connection.leave();
    }
}
