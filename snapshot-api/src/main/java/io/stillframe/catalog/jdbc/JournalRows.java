package io.stillframe.catalog.jdbc;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.JournalEntry;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** Journals; changed under the lock of the snapshot's row only. Stateless. */
final class JournalRows {
    private static final String COLUMNS = "sequence, epoch, stage, step, detail, at";

    private JournalRows() {}

    static List<JournalEntry> all(Connection connection, SnapshotId id) throws SQLException {
        return Sql.rows(
                connection,
                row -> entry(id, row),
                "SELECT " + COLUMNS + " FROM stillframe_journal WHERE snapshot_id = ? ORDER BY sequence",
                id.value());
    }

    static long last(Connection connection, SnapshotId id) throws SQLException {
        return Sql.row(
                        connection,
                        row -> row.getLong(1),
                        "SELECT COALESCE(MAX(sequence), 0) FROM stillframe_journal WHERE snapshot_id = ?",
                        id.value())
                .orElseThrow();
    }

    static void add(Connection connection, JournalEntry entry) throws SQLException {
        Sql.change(
                connection,
                "INSERT INTO stillframe_journal (snapshot_id, " + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?)",
                entry.snapshot().value(),
                entry.sequence(),
                entry.epoch(),
                entry.stage().name(),
                ColumnText.of(entry.step()),
                ColumnText.of(entry.detail()),
                Nanos.of(entry.at()));
    }

    static void remove(Connection connection, SnapshotId id) throws SQLException {
        Sql.change(connection, "DELETE FROM stillframe_journal WHERE snapshot_id = ?", id.value());
    }

    private static JournalEntry entry(SnapshotId id, ResultSet row) throws SQLException {
        String where = "the journal of " + id;
        return new JournalEntry(
                id,
                row.getLong(1),
                row.getLong(2),
                ColumnText.parse(row.getString(4), where),
                stage(row.getString(3), where),
                ColumnText.parse(row.getString(5), where),
                Nanos.toInstant(row.getLong(6)));
    }

    private static JournalEntry.Stage stage(String name, String where) {
        for (JournalEntry.Stage stage : JournalEntry.Stage.values()) {
            if (stage.name().equals(name)) {
                return stage;
            }
        }
        throw SnapshotException.corrupt(where + " has an entry that is neither intent nor receipt");
    }
}
