package io.stillframe.catalog.jdbc;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.catalog.jdbc.Transactions.Look;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.contract.Crowd;
import io.stillframe.spi.contract.Samples;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tables are made and migrated by whoever comes first, and nobody writes into those of a newer release. */
class SchemaTest {
    @TempDir
    private Path directory;

    @ParameterizedTest
    @EnumSource
    void nodesThatComeAtOnceMakeTheTablesOnce(Dialect dialect) {
        String url = database(dialect);
        List<JdbcCatalog> catalogs = Crowd.together(6, i -> Databases.open(url));
        CatalogRecord record = CatalogRecord.first(Samples.requested(Instant.EPOCH), Optional.empty(), Map.of());
        catalogs.get(0).create(record, "me", Duration.ofSeconds(30));
        for (JdbcCatalog catalog : catalogs) {
            assertThat(catalog.find(record.snapshot().id())).contains(record);
        }
        assertThat(versions(url)).containsExactly(1, 2);
        catalogs.forEach(JdbcCatalog::close);
    }

    @ParameterizedTest
    @EnumSource
    void stepsAreTakenOnceAndInOrder(Dialect dialect) {
        String url = database(dialect);
        List<String> two = List.of(
                "-- the first; one\nCREATE TABLE IF NOT EXISTS a (x INTEGER);",
                "ALTER TABLE a ADD COLUMN IF NOT EXISTS y INTEGER; CREATE INDEX IF NOT EXISTS b ON a (y);\n",
                "CREATE TABLE IF NOT EXISTS c (x INTEGER)");
        assertThat(migrate(url, dialect, two.subList(0, 1))).isEqualTo(1);
        Crowd.together(4, i -> migrate(url, dialect, two));
        assertThat(versions(url)).containsExactly(1, 2, 3);
        assertThat(migrate(url, dialect, two)).isEqualTo(3);

        failing(() -> migrate(url, dialect, two.subList(0, 1)), Kind.UNSUPPORTED);
        assertThat(failing(() -> Databases.open(url), Kind.UNSUPPORTED)).hasMessageContaining("version 3");
    }

    private String database(Dialect dialect) {
        Supplier<String> url = dialect == Dialect.H2
                ? () -> "jdbc:h2:file:" + directory.resolve("catalog")
                : () -> PostgresServer.shared().emptySchema();
        return url.get();
    }

    private static int migrate(String url, Dialect dialect, List<String> scripts) {
        try (KeptConnections connections = Databases.connections(url)) {
            Schema schema = new Schema(dialect, CatalogTime.of(Clock.systemUTC()), scripts);
            return new Transactions(connections).write("migrating", schema::migrate, Look.doAgain());
        }
    }

    private static List<Integer> versions(String url) {
        try (KeptConnections connections = Databases.connections(url)) {
            return new Transactions(connections)
                    .read(
                            "looking",
                            c -> Sql.rows(
                                    c, row -> row.getInt(1), "SELECT version FROM stillframe_schema ORDER BY version"));
        }
    }
}
