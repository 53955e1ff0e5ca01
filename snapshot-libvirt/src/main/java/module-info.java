/** Stillframe on libvirt. */
module io.stillframe.libvirt {
    requires io.stillframe;
    requires org.slf4j;
    requires static org.jspecify;
}
