package io.stillframe.store;

import io.stillframe.internal.file.FileUris;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.ObjectStoreProvider;
import java.net.URI;
import java.util.Set;

/** Opens {@link FileObjectStore}s at {@code file:///directory}. */
public final class FileObjectStoreProvider implements ObjectStoreProvider {
    @Override
    public String name() {
        return "file";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("file");
    }

    @Override
    public ObjectStore open(URI uri) {
        return FileObjectStore.open(FileUris.directory(uri));
    }
}
