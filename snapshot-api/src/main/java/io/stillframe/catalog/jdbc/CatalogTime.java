package io.stillframe.catalog.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** By what time leases expire: the database's, which all its nodes share. */
@FunctionalInterface
interface CatalogTime {
    Instant now(Connection connection) throws SQLException;

    static CatalogTime ofDatabase(Dialect dialect) {
        String sql = "SELECT " + dialect.microseconds();
        return connection -> Instant.EPOCH.plus(
                Sql.row(connection, row -> row.getLong(1), sql).orElseThrow(), ChronoUnit.MICROS);
    }

    static CatalogTime of(Clock clock) {
        return connection -> clock.instant();
    }
}
