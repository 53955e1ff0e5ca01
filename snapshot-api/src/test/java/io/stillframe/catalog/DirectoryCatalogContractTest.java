package io.stillframe.catalog;

import io.stillframe.model.SnapshotId;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.contract.SnapshotCatalogContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.io.TempDir;

final class DirectoryCatalogContractTest extends SnapshotCatalogContract {
    @TempDir
    private Path directory;

    @Override
    protected SnapshotCatalog open(Clock clock) {
        return DirectoryCatalog.open(directory.resolve("catalog"), clock);
    }

    @Override
    protected boolean damage(SnapshotId id) throws IOException {
        Files.writeString(directory.resolve("catalog/records/" + id + ".json"), "{\"garbled\":");
        return true;
    }
}
