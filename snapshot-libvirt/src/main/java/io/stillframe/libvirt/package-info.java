/** Stillframe on libvirt and QEMU: a {@link io.stillframe.spi.Hypervisor} for the host that this process runs on. */
@NullMarked
package io.stillframe.libvirt;

import org.jspecify.annotations.NullMarked;
