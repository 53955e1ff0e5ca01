/** Stillframe on libvirt. */
module io.stillframe.libvirt {
    requires transitive io.stillframe;
    requires org.slf4j;
    requires static org.jspecify;
    requires java.xml;
    requires libvirt;
    requires com.sun.jna;

    exports io.stillframe.libvirt;

    provides io.stillframe.spi.HypervisorProvider with
            io.stillframe.libvirt.LibvirtHypervisorProvider;
    provides io.stillframe.spi.SparseFileProbe with
            io.stillframe.libvirt.sparse.SeekFileProbe;

    // JNA makes the objects behind the interfaces that declare native calls.
    opens io.stillframe.libvirt.internal.connection to
            com.sun.jna;
    opens io.stillframe.libvirt.internal.rbd to
            com.sun.jna;
    opens io.stillframe.libvirt.sparse to
            com.sun.jna;
}
