package io.stillframe.spi;

import java.net.URI;
import java.util.Set;

/** Opens object stores from URIs; found through {@link java.util.ServiceLoader}. Stateless. */
public interface ObjectStoreProvider {
    /** The provider's name, e.g. {@code file}. */
    String name();

    /** The URI schemes that it opens; lower case. */
    Set<String> schemes();

    /**
     * Opens a store.
     *
     * @return closed by the caller
     * @throws io.stillframe.model.SnapshotException INVALID if the URI is malformed, PERMANENT if it cannot be used
     */
    ObjectStore open(URI uri);
}
