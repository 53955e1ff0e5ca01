package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.BackingChain;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.spi.ImageLayer;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What the domains of a host name as layers of their disks. */
final class HostDisks {
    private HostDisks() {}

    /** Whether a file is a layer of any disk of the domain, running or as defined. */
    static boolean names(LibvirtSession.HostDomain domain, Path file) {
        return layers(domain).anyMatch(layer -> layer.location().equals(file.toString()));
    }

    /** All layers of all its disks, running and as defined; some more than once. */
    static Stream<ImageLayer> layers(LibvirtSession.HostDomain domain) {
        return domain.xml().stream()
                .flatMap(xml -> DomainDefinition.parse(xml).allDisks().stream())
                .flatMap(disk -> BackingChain.known(disk).stream());
    }
}
