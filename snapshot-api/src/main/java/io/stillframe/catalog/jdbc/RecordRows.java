package io.stillframe.catalog.jdbc;

import io.stillframe.catalog.RecordJson;
import io.stillframe.internal.file.SafeNames;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.RunningWork;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Records: the whole one as JSON, and beside it what it is found by. Stateless. */
final class RecordRows {
    private RecordRows() {}

    static void add(Connection connection, CatalogRecord record) throws SQLException {
        List<Object> values = new ArrayList<>(changing(record));
        Snapshot snapshot = record.snapshot();
        values.add(Nanos.of(snapshot.requestedAt()));
        values.add(record.token());
        values.add(snapshot.tenant().name());
        values.add(snapshot.id().value());
        Sql.change(
                connection,
                "INSERT INTO stillframe_snapshot (version, status, hypervisor, instance_id, instance_name, name,"
                        + " completed_at, expires_at, claim_key, work, store, record, requested_at, token, tenant, id)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values.toArray());
    }

    static void replace(Connection connection, CatalogRecord record) throws SQLException {
        List<Object> values = new ArrayList<>(changing(record));
        values.add(record.snapshot().id().value());
        Sql.change(
                connection,
                "UPDATE stillframe_snapshot SET version = ?, status = ?, hypervisor = ?, instance_id = ?,"
                        + " instance_name = ?, name = ?, completed_at = ?, expires_at = ?, claim_key = ?, work = ?,"
                        + " store = ?, record = ?"
                        + " WHERE id = ?",
                values.toArray());
    }

    static Optional<CatalogRecord> find(Connection connection, SnapshotId id) throws SQLException {
        return Sql.row(
                connection,
                row -> read(row.getString(1), id.value()),
                "SELECT record FROM stillframe_snapshot WHERE id = ?",
                id.value());
    }

    static Optional<CatalogRecord> findByToken(Connection connection, String token) throws SQLException {
        return Sql.row(
                connection,
                row -> read(row.getString(2), row.getString(1)),
                "SELECT id, record FROM stillframe_snapshot WHERE token = ?",
                token);
    }

    /** As {@link #find}, and keeps others from changing or removing it until the transaction ends. */
    static Optional<CatalogRecord> lock(Connection connection, SnapshotId id) throws SQLException {
        return Sql.row(
                connection,
                row -> read(row.getString(1), id.value()),
                "SELECT record FROM stillframe_snapshot WHERE id = ? FOR UPDATE",
                id.value());
    }

    /** Whether there is a record, readable or not; locked as by {@link #lock}. */
    static boolean lockAny(Connection connection, SnapshotId id) throws SQLException {
        return Sql.row(
                        connection,
                        row -> row.getString(1),
                        "SELECT id FROM stillframe_snapshot WHERE id = ? FOR UPDATE",
                        id.value())
                .isPresent();
    }

    static void remove(Connection connection, SnapshotId id) throws SQLException {
        Sql.change(connection, "DELETE FROM stillframe_snapshot WHERE id = ?", id.value());
    }

    /** CONFLICT if another record has the claim. */
    static void requireUnclaimed(Connection connection, CatalogRecord record) throws SQLException {
        if (record.claim().isEmpty()) {
            return;
        }
        String claim = record.claim().get();
        Optional<String> holder = Sql.row(
                connection,
                row -> row.getString(1),
                "SELECT id FROM stillframe_snapshot WHERE claim_key = ? AND id <> ?",
                SafeNames.ofText(claim),
                record.snapshot().id().value());
        if (holder.isPresent()) {
            throw SnapshotException.conflict(
                    "'" + claim + "' is held by snapshot " + holder.get() + "; wait for it or cancel it");
        }
    }

    /** CONFLICT if another record has the token. */
    static void requireUnusedToken(Connection connection, CatalogRecord record) throws SQLException {
        if (record.token().isEmpty()) {
            return;
        }
        Optional<String> holder = Sql.row(
                connection,
                row -> row.getString(1),
                "SELECT id FROM stillframe_snapshot WHERE token = ?",
                record.token().get());
        if (holder.isPresent()) {
            throw SnapshotException.conflict("the idempotency token is that of snapshot " + holder.get());
        }
    }

    /** A record's text; CORRUPT or UNSUPPORTED if it cannot be read, or is another one's. */
    static CatalogRecord read(String json, String id) {
        CatalogRecord record = RecordJson.readRecord(json, "the catalog's record of " + id);
        if (!record.snapshot().id().value().equals(id)) {
            throw SnapshotException.corrupt("the catalog's record of " + id + " is that of "
                    + record.snapshot().id());
        }
        return record;
    }

    private static List<Object> changing(CatalogRecord record) {
        Snapshot snapshot = record.snapshot();
        return List.of(
                record.version(),
                snapshot.status().name(),
                ColumnText.of(snapshot.instance().hypervisor()),
                snapshot.instance().id().value(),
                ColumnText.of(snapshot.instance().name()),
                ColumnText.of(snapshot.name()),
                snapshot.completedAt().map(Nanos::of),
                snapshot.expiresAt().map(Nanos::of),
                record.claim().map(SafeNames::ofText),
                record.work().name(),
                RunningWork.storeOf(snapshot).map(ColumnText::of),
                RecordJson.write(record));
    }
}
