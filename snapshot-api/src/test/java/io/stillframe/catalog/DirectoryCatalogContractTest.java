package io.stillframe.catalog;

import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.contract.SnapshotCatalogContract;
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
}
