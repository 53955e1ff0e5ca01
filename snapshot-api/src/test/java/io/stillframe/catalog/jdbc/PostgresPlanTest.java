package io.stillframe.catalog.jdbc;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.ConcurrencyLimits;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.SnapshotCatalog.Owners;
import io.stillframe.spi.TurnRequest;
import io.stillframe.spi.Work;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** PostgreSQL keeps a statement's plan after some calls and no longer looks at its parameters. */
class PostgresPlanTest {
    private static final int SNAPSHOTS = 20_000;

    private final String url = PostgresServer.shared().emptySchema();

    @Test
    void aPlanForAnyParametersReadsIndexesToo() throws SQLException {
        Databases.open(url).close();
        execute(
                "INSERT INTO stillframe_snapshot (id, version, status, hypervisor, instance_id, instance_name, name, requested_at,"
                        + " record, work) SELECT 'snap-' || n, 1, 'AVAILABLE', 'h', 'i' || n / 10, 'v' || n / 10, 'n', n,"
                        + " '{}', 'NONE'"
                        + " FROM generate_series(1, " + SNAPSHOTS + ") n");
        execute("ANALYZE stillframe_snapshot");

        try (JdbcCatalog catalog =
                Databases.open(url + "&options=-c%20plan_cache_mode=force_generic_plan&prepareThreshold=-1")) {
            assertThat(catalog.takeTurn(turn(), "me", Duration.ofSeconds(30))).isEmpty();
            assertThat(catalog.unfinished(Owners.NONE, Optional.empty(), 10).items())
                    .isEmpty();
            SnapshotQuery failed = SnapshotQuery.all().withStatus(SnapshotStatus.FAILED);
            assertThat(catalog.list(failed, Optional.empty(), 10).items()).isEmpty();
            SnapshotQuery nobodys = SnapshotQuery.all().withInstance("none");
            assertThat(catalog.list(nobodys, Optional.empty(), 10).items()).isEmpty();
            assertThat(catalog.list(nobodys.withStatus(SnapshotStatus.REMOVED), Optional.empty(), 10)
                            .items())
                    .isEmpty();
        }
        await().until(() -> count("idx_scan") >= 5);
        assertThat(count("seq_tup_read") + count("idx_tup_fetch")).isLessThan(SNAPSHOTS);
    }

    private static TurnRequest turn() {
        return new TurnRequest(
                Set.of(Work.WAITS_TO_CAPTURE, Work.WAITS_TO_TRANSFER),
                Set.of("h"),
                Set.of("s3://bucket/prefix"),
                TurnRequest.Whose.ANY,
                ConcurrencyLimits.none());
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Of the table's, as the server told its statistics so far: a session tells its own when it ends. */
    private long count(String column) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT " + column
                                + " FROM pg_stat_user_tables WHERE schemaname = current_schema() AND relname = 'stillframe_snapshot'")) {
            row.next();
            return row.getLong(1);
        }
    }
}
