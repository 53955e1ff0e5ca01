package io.stillframe.catalog.jdbc;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.catalog.RecordJson;
import io.stillframe.catalog.jdbc.Transactions.Look;
import io.stillframe.internal.file.SafeNames;
import io.stillframe.model.Obligation;
import io.stillframe.model.Retention;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Tenant;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.SnapshotCatalog.Owners;
import io.stillframe.spi.Work;
import io.stillframe.spi.contract.Samples;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A catalog that a release with tables of version 1 has filled loses nothing when this one opens it. */
class MigrationTest {
    private static final Instant NOW = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    private static final Duration TTL = Duration.ofSeconds(30);
    private static final String OWNER = "node-ä of the old release";

    @TempDir
    private Path directory;

    /**
     * A row of then.
     *
     * @param record as this release is to read it
     * @param leasedUntil absent without a lease
     */
    private record Row(CatalogRecord record, Optional<Instant> leasedUntil) {
        SnapshotId id() {
            return record.snapshot().id();
        }

        boolean isLeased() {
            return leasedUntil.filter(NOW::isBefore).isPresent();
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyRecordLeaseAndTokenIsKept(Dialect dialect) throws IOException {
        String url = dialect == Dialect.H2
                ? "jdbc:h2:file:" + directory.resolve("catalog")
                : PostgresServer.shared().emptySchema();
        List<Row> rows = population();
        List<Lease> leases = fill(url, dialect, rows);
        for (int opening = 0; opening < 2; opening++) {
            try (JdbcCatalog catalog = Databases.open(url)) {
                requireRecords(catalog, rows);
            }
        }
        try (JdbcCatalog catalog = Databases.open(url)) {
            requireLeases(catalog, leases);
            requireUsable(catalog, rows.get(0), leases.get(0));
        }
    }

    /** Every status, with and without what is optional. */
    private static List<Row> population() {
        Optional<Instant> valid = Optional.of(NOW.plusSeconds(3600));
        Optional<Instant> expired = Optional.of(NOW.minusSeconds(3600));
        return List.of(
                row(snapshot(SnapshotStatus.CAPTURING), Work.CAPTURE, "instance-ü", "order-1", valid),
                row(snapshot(SnapshotStatus.QUEUED), Work.TRANSFER, "instance-2", "order-2", expired),
                row(snapshot(SnapshotStatus.AVAILABLE), Work.NONE, "", "order-3", Optional.empty()),
                row(owing(SnapshotStatus.AVAILABLE), Work.DUTIES, "instance-4", "", Optional.empty()),
                row(snapshot(SnapshotStatus.FAILED), Work.DUTIES, "", "", Optional.empty()),
                row(owing(SnapshotStatus.CANCELLED), Work.DUTIES, "", "", expired),
                row(ofThen(Samples.full(NOW)), Work.DUTIES, "", "", Optional.empty()));
    }

    private static Snapshot snapshot(SnapshotStatus status) {
        Snapshot.Builder builder = Samples.requested(NOW).toBuilder().status(status);
        if (status == SnapshotStatus.AVAILABLE) {
            builder.completedAt(NOW.plusNanos(1)).retention(Retention.ofDays(3));
        }
        return builder.build();
    }

    private static Snapshot owing(SnapshotStatus status) {
        return snapshot(status).toBuilder().owes(Obligation.RELEASE).build();
    }

    private static Row row(Snapshot snapshot, Work work, String claim, String token, Optional<Instant> leasedUntil) {
        return new Row(
                new CatalogRecord(
                        snapshot,
                        7,
                        Optional.of(claim).filter(text -> !text.isEmpty()),
                        Optional.of(token).filter(text -> !text.isEmpty()),
                        work,
                        Map.of("plan", "{\"α\": 1}")),
                leasedUntil);
    }

    private static List<Lease> fill(String url, Dialect dialect, List<Row> rows) throws IOException {
        try (KeptConnections connections = Databases.connections(url)) {
            Transactions transactions = new Transactions(connections);
            Schema old = new Schema(dialect, CatalogTime.of(Clock.systemUTC()), List.of(firstScript()));
            assertThat(transactions.write("making", old::migrate, Look.doAgain()))
                    .isEqualTo(1);
            return transactions.write("filling", c -> fill(c, dialect, rows), Look.doAgain());
        }
    }

    private static String firstScript() throws IOException {
        try (InputStream in = JdbcCatalog.class.getResourceAsStream("schema-1.sql")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** With the statements of that release. */
    private static List<Lease> fill(Connection connection, Dialect dialect, List<Row> rows) throws SQLException {
        List<Lease> leases = new ArrayList<>();
        for (Row row : rows) {
            Snapshot snapshot = row.record().snapshot();
            Sql.change(
                    connection,
                    "INSERT INTO stillframe_snapshot (version, status, hypervisor, instance_id, instance_name, name,"
                            + " completed_at, expires_at, claim_key, record, requested_at, token, id)"
                            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    row.record().version(),
                    snapshot.status().name(),
                    ColumnText.of(snapshot.instance().hypervisor()),
                    snapshot.instance().id().value(),
                    ColumnText.of(snapshot.instance().name()),
                    ColumnText.of(snapshot.name()),
                    snapshot.completedAt().map(Nanos::of),
                    snapshot.expiresAt().map(Nanos::of),
                    row.record().claim().map(SafeNames::ofText),
                    ofThen(RecordJson.write(row.record())),
                    Nanos.of(snapshot.requestedAt()),
                    row.record().token(),
                    row.id().value());
            Sql.change(
                    connection,
                    "INSERT INTO stillframe_journal (snapshot_id, sequence, epoch, stage, step, detail, at)"
                            + " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    row.id().value(),
                    1,
                    5,
                    "INTENT",
                    ColumnText.of("power-off"),
                    ColumnText.of("détail"),
                    Nanos.of(NOW));
            if (row.leasedUntil().isPresent()) {
                leases.add(lease(connection, dialect, row));
            }
        }
        return leases;
    }

    private static Lease lease(Connection connection, Dialect dialect, Row row) throws SQLException {
        long epoch = Sql.row(connection, found -> found.getLong(1), "SELECT " + dialect.nextEpoch())
                .orElseThrow();
        Lease lease =
                new Lease(row.id().value(), OWNER, epoch, row.leasedUntil().orElseThrow());
        Sql.change(
                connection,
                "INSERT INTO stillframe_lease (owner, epoch, expires_at, resource_key) VALUES (?, ?, ?, ?)",
                ColumnText.of(lease.owner()),
                epoch,
                Nanos.of(lease.expiresAt()),
                SafeNames.ofText(lease.resource()));
        return lease;
    }

    /** Tenants, work and what a snapshot waits for came later. */
    private static String ofThen(String json) {
        return json.replaceAll("\"(tenant|work|waitsFor)\":\"[^\"]*\",", "").replaceAll(",\"waitsFor\":\"[^\"]*\"", "");
    }

    private static Snapshot ofThen(Snapshot snapshot) {
        return RecordJson.readSnapshot(ofThen(RecordJson.write(snapshot)), "a text of then");
    }

    private static void requireRecords(JdbcCatalog catalog, List<Row> rows) {
        for (Row row : rows) {
            assertThat(catalog.find(row.id())).contains(row.record());
            row.record()
                    .token()
                    .ifPresent(token -> assertThat(catalog.findByToken(token)).contains(row.record()));
            assertThat(catalog.journal(row.id()))
                    .containsExactly(
                            new JournalEntry(row.id(), 1, 5, "power-off", JournalEntry.Stage.INTENT, "détail", NOW));
        }
        assertThat(ids(catalog.list(SnapshotQuery.all(), Optional.empty(), 100).items()))
                .containsExactlyInAnyOrderElementsOf(rows.stream().map(Row::id).toList());
        assertThat(ids(catalog.list(SnapshotQuery.all().withTenant(Tenant.ofDefault()), Optional.empty(), 100)
                        .items()))
                .hasSameSizeAs(rows);
        assertThat(ids(catalog.unfinished(Owners.NONE, Optional.empty(), 100).items()))
                .containsExactlyInAnyOrderElementsOf(rows.stream()
                        .filter(row -> row.record().work() != Work.NONE && !row.isLeased())
                        .map(Row::id)
                        .toList());
    }

    private static List<SnapshotId> ids(List<CatalogRecord> records) {
        return records.stream().map(record -> record.snapshot().id()).toList();
    }

    /** The valid one is still somebody else's, the expired one goes to the next with a later epoch than any. */
    private static void requireLeases(JdbcCatalog catalog, List<Lease> leases) {
        Lease valid = leases.get(0);
        assertThat(catalog.acquire(valid.resource(), "me", TTL)).isEqualTo(new LeaseOutcome.Held(valid));
        LeaseOutcome taken = catalog.acquire(leases.get(1).resource(), "me", TTL);
        assertThat(taken)
                .isInstanceOfSatisfying(
                        LeaseOutcome.Granted.class,
                        granted -> assertThat(granted.lease().epoch())
                                .isGreaterThan(leases.get(leases.size() - 1).epoch()));
    }

    /** The old release's process goes on under its lease, and what is claimed stays claimed. */
    private static void requireUsable(JdbcCatalog catalog, Row row, Lease lease) {
        CatalogRecord changed = catalog.update(row.record(), catalog.renew(lease, TTL));
        assertThat(changed.version()).isEqualTo(8);
        CatalogRecord rival =
                CatalogRecord.first(Samples.requested(NOW), row.record().claim(), Map.of());
        failing(() -> catalog.create(rival, "me", TTL), Kind.CONFLICT);
        CatalogRecord again = CatalogRecord.first(Samples.requested(NOW), Optional.empty(), Map.of())
                .withToken(row.record().token());
        failing(() -> catalog.create(again, "me", TTL), Kind.CONFLICT);
    }
}
