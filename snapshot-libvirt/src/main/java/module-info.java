/** Stillframe on libvirt. */
module io.stillframe.libvirt {
    requires io.stillframe;
    requires org.slf4j;
    requires static org.jspecify;
    requires com.sun.jna;

    provides io.stillframe.spi.SparseFileProbe with
            io.stillframe.libvirt.sparse.SeekFileProbe;

    // JNA makes the object behind the interface that declares the native calls.
    opens io.stillframe.libvirt.sparse to
            com.sun.jna;
}
