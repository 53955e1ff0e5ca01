package io.stillframe.catalog.jdbc;

import static io.stillframe.spi.contract.Faults.failing;
import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.JournalEntry.Stage;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.contract.Samples;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of calls when a real server, its backend or its answer is lost. */
class PostgresFaultTest {
    private static final Duration TTL = Duration.ofSeconds(30);

    private final String url = PostgresServer.shared().emptySchema();
    private UnreliableConnections connections;
    private JdbcCatalog catalog;

    @BeforeEach
    void open() {
        connections = new UnreliableConnections(Databases.connections(url));
        catalog = JdbcCatalog.open(connections, Optional.empty());
    }

    @AfterEach
    void close() {
        catalog.close();
    }

    /** The server ends the session between the last statement and the commit: nothing happened, and the call is made again. */
    @Test
    void aBackendThatIsKilledInATransactionCostsNothing() {
        CatalogRecord record = fresh();
        connections.onNextCommit(this::killThenCommit);
        Lease lease = catalog.create(record, "me", TTL);
        assertThat(catalog.find(record.snapshot().id())).contains(record);

        connections.onNextCommit(this::killThenCommit);
        CatalogRecord second = catalog.update(record.withAttribute("a", "b"), lease);
        assertThat(catalog.find(record.snapshot().id())).contains(second);
        connections.onNextCommit(this::killThenCommit);
        catalog.append(lease, record.snapshot().id(), "step", Stage.INTENT, "");
        assertThat(catalog.journal(record.snapshot().id())).hasSize(1);
        connections.onNextCommit(this::killThenCommit);
        Lease renewed = catalog.renew(lease, TTL);
        assertThat(renewed.epoch()).isEqualTo(lease.epoch());
        connections.onNextCommit(this::killThenCommit);
        catalog.remove(record.snapshot().id(), renewed);
        assertThat(catalog.find(record.snapshot().id())).isEmpty();
    }

    /** The commit happens and its answer is lost: the call finds out and reports what it did, once. */
    @Test
    void aCommitWhoseAnswerIsLostIsFoundByLooking() {
        CatalogRecord record = fresh();
        connections.onNextCommit(this::commitThenLose);
        Lease lease = catalog.create(record, "me", TTL);
        connections.onNextCommit(this::commitThenLose);
        CatalogRecord second = catalog.update(record.withAttribute("a", "b"), lease);
        assertThat(second.version()).isEqualTo(2);
        assertThat(catalog.find(record.snapshot().id())).contains(second);
        connections.onNextCommit(this::commitThenLose);
        JournalEntry entry = catalog.append(lease, record.snapshot().id(), "step", Stage.INTENT, "once");
        assertThat(catalog.journal(record.snapshot().id())).containsExactly(entry);
        connections.onNextCommit(this::commitThenLose);
        LeaseOutcome outcome = catalog.acquire("other", "me", TTL);
        assertThat(outcome).isInstanceOf(LeaseOutcome.Granted.class);
        catalog.renew(((LeaseOutcome.Granted) outcome).lease(), TTL);
        connections.onNextCommit(this::commitThenLose);
        catalog.remove(record.snapshot().id(), lease);
        assertThat(catalog.find(record.snapshot().id())).isEmpty();
    }

    /** As above, but the look comes while the server is still busy with the commit: it waits for it instead of doing it twice. */
    @Test
    void aCommitThatIsStillUnderWayIsWaitedFor() throws Exception {
        CatalogRecord record = fresh();
        CompletableFuture<String> late = new CompletableFuture<>();
        JdbcCatalog leaking = JdbcCatalog.open(new Leaking(connections), Optional.empty());
        connections.onNextCommit(connection -> {
            CompletableFuture.runAsync(
                            () -> commit(connection), CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS))
                    .whenComplete((done, e) -> late.complete(String.valueOf(e)));
            throw new SQLNonTransientConnectionException("the answer was lost", "08006");
        });
        Lease lease = leaking.create(record, "me", TTL);
        assertThat(late.get(60, TimeUnit.SECONDS)).isEqualTo("null");
        assertThat(leaking.update(record, lease).version()).isEqualTo(2);
        leaking.close();
    }

    @Test
    void aServerThatCrashesAndComesBackLosesNothingThatWasAcknowledged() {
        PostgresServer server = PostgresServer.ofItsOwn();
        try (JdbcCatalog mine = Databases.open(server.emptySchema())) {
            CatalogRecord record = fresh();
            Lease lease = mine.create(record, "me", TTL);
            JournalEntry entry = mine.append(lease, record.snapshot().id(), "power-off", Stage.INTENT, "");
            long epoch = lease.epoch();
            server.crash();
            failing(() -> mine.append(lease, record.snapshot().id(), "x", Stage.INTENT, ""), Kind.TRANSIENT);
            failing(() -> mine.find(record.snapshot().id()), Kind.TRANSIENT);
            server.start();
            assertThat(mine.journal(record.snapshot().id())).containsExactly(entry);
            CatalogRecord second = mine.update(record, lease);
            assertThat(second.version()).isEqualTo(2);
            server.stop();
            server.start();
            // Every idle connection is dead by now, and the first call does not notice.
            assertThat(mine.find(record.snapshot().id())).contains(second);
            mine.release(lease);
            assertThat(((LeaseOutcome.Granted) mine.acquire(lease.resource(), "me", TTL))
                            .lease()
                            .epoch())
                    .isGreaterThan(epoch);
        } finally {
            server.destroy();
        }
    }

    @Test
    void aServerThatStaysAwayLeavesTheOutcomeUnknownOnlyIfACommitWasSent() {
        PostgresServer server = PostgresServer.ofItsOwn();
        try {
            UnreliableConnections own = new UnreliableConnections(Databases.connections(server.emptySchema()));
            JdbcCatalog mine = JdbcCatalog.open(own, Optional.empty());
            Lease lease = mine.create(fresh(), "me", TTL);
            own.onNextCommit(connection -> {
                server.crash();
                connection.commit();
            });
            failing(() -> mine.renew(lease, TTL), Kind.OUTCOME_UNKNOWN);
            failing(() -> mine.renew(lease, TTL), Kind.TRANSIENT);
            mine.close();
        } finally {
            server.destroy();
        }
    }

    @Test
    void aDeadlockIsRunAgain() throws Exception {
        CatalogRecord record = fresh();
        Lease lease = catalog.create(record, "me", TTL);
        // A transaction sees the server's activity as it was at its first look.
        try (Connection other = DriverManager.getConnection(url);
                Connection watching = DriverManager.getConnection(url)) {
            other.setAutoCommit(false);
            // Against the catalog's order: the lease first, then the record.
            Sql.change(other, "UPDATE stillframe_lease SET epoch = epoch");
            CompletableFuture<CatalogRecord> update = CompletableFuture.supplyAsync(() -> catalog.update(
                    record.with(record.snapshot().toBuilder()
                            .status(SnapshotStatus.QUEUED)
                            .build()),
                    lease));
            await().until(() -> !Sql.rows(
                            watching,
                            row -> row.getInt(1),
                            "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE"
                                    + " '%stillframe_lease%' AND pid <> pg_backend_pid()")
                    .isEmpty());
            try {
                Sql.change(other, "UPDATE stillframe_snapshot SET version = version");
                other.commit();
            } catch (SQLException e) {
                other.rollback();
            }
            assertThat(update.get(60, TimeUnit.SECONDS).version()).isEqualTo(2);
        }
        assertThat(catalog.find(record.snapshot().id()).orElseThrow().version()).isEqualTo(2);
    }

    /** Leases are judged by the server's clock: what this machine's says does not matter to anybody. */
    @Test
    void leasesExpireByTheServersClock() {
        Lease lease = ((LeaseOutcome.Granted) catalog.acquire("r", "a", Duration.ofSeconds(1))).lease();
        Instant server = catalog.ownTime().orElseThrow();
        assertThat(lease.expiresAt()).isBefore(server.plusSeconds(1)).isAfter(server.minusSeconds(20));
        await().atMost(Duration.ofSeconds(60))
                .until(() -> catalog.acquire("r", "b", Duration.ofSeconds(30)) instanceof LeaseOutcome.Granted);
        assertThat(catalog.ownTime().orElseThrow()).isAfterOrEqualTo(lease.expiresAt());
        failing(() -> catalog.renew(lease, TTL), Kind.FENCED);
    }

    private void killThenCommit(Connection connection) throws SQLException {
        int pid = Sql.row(connection, row -> row.getInt(1), "SELECT pg_backend_pid()")
                .orElseThrow();
        try (Connection killer = DriverManager.getConnection(url)) {
            List<Boolean> killed =
                    Sql.rows(killer, row -> row.getBoolean(1), "SELECT pg_terminate_backend(" + pid + ", 10000)");
            assertThat(killed).containsExactly(true);
        }
        connection.commit();
    }

    private void commitThenLose(Connection connection) throws SQLException {
        connection.commit();
        connection.close();
        throw new SQLNonTransientConnectionException("the answer was lost", "08006");
    }

    private static void commit(Connection connection) {
        try {
            connection.commit();
            connection.close();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private static CatalogRecord fresh() {
        return CatalogRecord.first(
                Samples.requested(Instant.parse("2026-03-01T10:00:00Z")), Optional.of("instance:x"), Map.of());
    }

    /** Lets go of broken connections without closing them. */
    private record Leaking(Connections real) implements Connections {
        @Override
        public Connection take() throws SQLException {
            return real.take();
        }

        @Override
        public void giveBack(Connection connection, State state) {
            if (state == State.HEALTHY) {
                real.giveBack(connection, state);
            }
        }

        @Override
        public void close() {
            real.close();
        }
    }
}
