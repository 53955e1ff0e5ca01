package io.stillframe.catalog.jdbc;

import io.stillframe.model.SnapshotException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The tables, brought to this release's version step by step. Any number of nodes may do so at once: PostgreSQL takes all
 * steps in one transaction under a lock; H2, which commits every definition by itself, pauses everybody else, and each statement may be
 * run again by whoever comes after a crash.
 */
final class Schema {
    private static final int VERSION = 2;
    private static final long LOCK = 0x5354_494c_4c46_524dL; // "STILLFRM"
    private static final String TABLE = "CREATE TABLE IF NOT EXISTS stillframe_schema ("
            + "version INTEGER NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)";

    private final Dialect dialect;
    private final CatalogTime time;
    private final List<String> scripts;

    Schema(Dialect dialect, CatalogTime time) {
        this(dialect, time, installed());
    }

    /** @param scripts the step to version 1, to version 2, … */
    Schema(Dialect dialect, CatalogTime time, List<String> scripts) {
        this.dialect = dialect;
        this.time = time;
        this.scripts = List.copyOf(scripts);
    }

    /** Takes what steps are missing; UNSUPPORTED if a newer release took further ones. */
    int migrate(Connection connection) throws SQLException {
        if (dialect == Dialect.POSTGRESQL) {
            Sql.rows(connection, row -> LOCK, "SELECT pg_advisory_xact_lock(" + LOCK + ")");
            return migrateAlone(connection);
        }
        Sql.change(connection, "SET EXCLUSIVE 1");
        try {
            return migrateAlone(connection);
        } finally {
            Sql.change(connection, "SET EXCLUSIVE 0");
        }
    }

    private int migrateAlone(Connection connection) throws SQLException {
        Sql.change(connection, TABLE);
        int version = Sql.row(
                        connection, row -> row.getInt(1), "SELECT COALESCE(MAX(version), 0) FROM stillframe_schema")
                .orElseThrow();
        if (version > scripts.size()) {
            throw SnapshotException.unsupported("the catalog's tables have version " + version
                    + ", this release knows up to " + scripts.size() + "; use a newer one");
        }
        for (int next = version + 1; next <= scripts.size(); next++) {
            for (String statement : statements(scripts.get(next - 1))) {
                Sql.change(connection, statement);
            }
            Sql.change(
                    connection,
                    "INSERT INTO stillframe_schema (version, applied_at) VALUES (?, ?)",
                    next,
                    Nanos.of(time.now(connection)));
        }
        return scripts.size();
    }

    private List<String> statements(String script) {
        List<String> statements = new ArrayList<>();
        String plain = script.replaceAll("(?m)^--.*$", "").replace("${binary}", dialect.binary());
        for (String statement : plain.split(";", -1)) {
            if (!statement.isBlank()) {
                statements.add(statement.strip());
            }
        }
        return statements;
    }

    private static List<String> installed() {
        List<String> scripts = new ArrayList<>();
        for (int version = 1; version <= VERSION; version++) {
            scripts.add(script(version));
        }
        return scripts;
    }

    private static String script(int version) {
        String name = "schema-" + version + ".sql";
        try (InputStream in = Schema.class.getResourceAsStream(name)) {
            if (in == null) {
                throw SnapshotException.permanent("the library's jar lacks " + name, null);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
