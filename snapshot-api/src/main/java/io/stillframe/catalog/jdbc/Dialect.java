package io.stillframe.catalog.jdbc;

import io.stillframe.model.SnapshotException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;

/** What the databases say differently. */
enum Dialect {
    H2(
            "H2",
            "",
            "DATEDIFF(MICROSECOND, TIMESTAMP WITH TIME ZONE '1970-01-01 00:00:00+00', CURRENT_TIMESTAMP)",
            "NEXT VALUE FOR stillframe_epoch"),
    POSTGRESQL(
            "PostgreSQL",
            "COLLATE \"C\"",
            "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
            "nextval('stillframe_epoch')");

    private final String product;
    private final String binary;
    private final String microseconds;
    private final String nextEpoch;

    Dialect(String product, String binary, String microseconds, String nextEpoch) {
        this.product = product;
        this.binary = binary;
        this.microseconds = microseconds;
        this.nextEpoch = nextEpoch;
    }

    /** The dialect of a connection's database; UNSUPPORTED if it is another one. */
    static Dialect of(Connection connection) throws SQLException {
        String found = connection.getMetaData().getDatabaseProductName();
        return Arrays.stream(values())
                .filter(dialect -> dialect.product.equals(found))
                .findFirst()
                .orElseThrow(() -> SnapshotException.unsupported(
                        "a catalog is kept in PostgreSQL or H2, this database is " + found));
    }

    /** The option of a text column that sorts by bytes, whatever the database's locale. */
    String binary() {
        return binary;
    }

    /** The database's clock now, in microseconds since 1970. */
    String microseconds() {
        return microseconds;
    }

    /** A number that is higher than all before. */
    String nextEpoch() {
        return nextEpoch;
    }
}
