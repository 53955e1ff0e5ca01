package io.stillframe.catalog.jdbc;

import io.stillframe.model.SnapshotId;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.contract.SnapshotCatalogContract;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import org.junit.jupiter.api.io.TempDir;

final class H2CatalogContractTest extends SnapshotCatalogContract {
    @TempDir
    private Path directory;

    @Override
    protected SnapshotCatalog open(Clock clock) {
        return Databases.open(url(), clock);
    }

    @Override
    protected boolean damage(SnapshotId id) throws SQLException {
        Databases.damage(url(), id);
        return true;
    }

    private String url() {
        return "jdbc:h2:file:" + directory.resolve("catalog");
    }
}
