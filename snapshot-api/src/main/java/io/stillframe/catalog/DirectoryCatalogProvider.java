package io.stillframe.catalog;

import io.stillframe.internal.file.FileUris;
import io.stillframe.spi.CatalogProvider;
import io.stillframe.spi.SnapshotCatalog;
import java.net.URI;
import java.util.Set;

/** Opens {@link DirectoryCatalog}s at {@code file:///directory}. */
public final class DirectoryCatalogProvider implements CatalogProvider {
    @Override
    public String name() {
        return "file";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("file");
    }

    @Override
    public SnapshotCatalog open(URI uri) {
        return DirectoryCatalog.open(FileUris.directory(uri));
    }
}
