package io.stillframe.catalog.jdbc;

import io.stillframe.model.SnapshotId;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.contract.SnapshotCatalogContract;
import java.sql.SQLException;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicReference;

final class PostgresCatalogContractTest extends SnapshotCatalogContract {
    private final AtomicReference<String> url = new AtomicReference<>("");

    @Override
    protected SnapshotCatalog open(Clock clock) {
        String schema = url.updateAndGet(
                known -> known.isEmpty() ? PostgresServer.shared().emptySchema() : known);
        return Databases.open(schema, clock);
    }

    @Override
    protected boolean damage(SnapshotId id) throws SQLException {
        Databases.damage(url.get(), id);
        return true;
    }
}
