package io.stillframe.catalog.jdbc;

import io.stillframe.model.SnapshotId;
import io.stillframe.spi.SnapshotCatalog;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Optional;
import java.util.Properties;

/** Opens catalogs for tests, each with connections of its own, as another node would. */
final class Databases {
    private Databases() {}

    /** On a clock of the test's. */
    static SnapshotCatalog open(String url, Clock clock) {
        return JdbcCatalog.open(connections(url), Optional.of(clock));
    }

    /** On the database's clock. */
    static JdbcCatalog open(String url) {
        return JdbcCatalog.open(connections(url), Optional.empty());
    }

    static KeptConnections connections(String url) {
        try {
            return new KeptConnections(DriverManager.getDriver(url), url, new Properties());
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** Makes a record unreadable, as one of a newer version. */
    static void damage(String url, SnapshotId id) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url)) {
            Sql.change(
                    connection, "UPDATE stillframe_snapshot SET record = ? WHERE id = ?", "{\"garbled\":", id.value());
        }
    }
}
