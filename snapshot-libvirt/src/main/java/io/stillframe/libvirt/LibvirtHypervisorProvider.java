package io.stillframe.libvirt;

import io.stillframe.libvirt.internal.LibvirtUri;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorProvider;
import java.net.URI;
import java.util.Set;

/** Opens {@link LibvirtHypervisor} from URIs such as {@code qemu:///system}. */
public final class LibvirtHypervisorProvider implements HypervisorProvider {
    /** For {@link java.util.ServiceLoader}. */
    public LibvirtHypervisorProvider() {}

    @Override
    public String name() {
        return "libvirt";
    }

    /** libvirt's schemes for QEMU. Those that reach another host are claimed so that {@link #open} can say why it refuses them. */
    @Override
    public Set<String> schemes() {
        return LibvirtUri.SCHEMES;
    }

    @Override
    public Hypervisor open(URI uri) {
        return LibvirtHypervisor.open(uri);
    }
}
