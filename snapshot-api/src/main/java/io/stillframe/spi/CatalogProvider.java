package io.stillframe.spi;

import java.net.URI;
import java.util.Set;

/** Opens catalogs from URIs; found through {@link java.util.ServiceLoader}. Stateless. */
public interface CatalogProvider {
    /** The provider's name, e.g. {@code file}. */
    String name();

    /** The URI schemes that it opens; lower case. */
    Set<String> schemes();

    /**
     * Opens a catalog, creating it where it does not exist.
     *
     * @return closed by the caller
     */
    SnapshotCatalog open(URI uri);
}
