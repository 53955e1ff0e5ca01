package io.stillframe.spi;

import java.net.URI;
import java.util.Set;

/** Opens hypervisors from URIs; found through {@link java.util.ServiceLoader}. Stateless. */
public interface HypervisorProvider {
    /** The provider's name, e.g. {@code libvirt}. */
    String name();

    /** The URI schemes that it opens, e.g. {@code qemu}, {@code qemu+ssh}; lower case. */
    Set<String> schemes();

    /**
     * Opens a connection.
     *
     * @return closed by the caller
     * @throws io.stillframe.model.SnapshotException TRANSIENT if it does not answer, INVALID if the URI is malformed
     */
    Hypervisor open(URI uri);
}
