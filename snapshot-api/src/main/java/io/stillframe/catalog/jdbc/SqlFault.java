package io.stillframe.catalog.jdbc;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a database's error means, by its SQLSTATE (ISO 9075; PostgreSQL's appendix A, H2's ErrorCode). */
enum SqlFault {
    /** The connection is gone, or was never there; what was not committed did not happen. */
    CONNECTION,
    /** Another transaction was in the way; this one did not happen and may be run again. */
    COLLISION,
    /** The database cannot just now: busy, full, standing by, out of time. */
    UNABLE,
    /** Asking again will not help. */
    LASTING;

    private static final Set<String> GONE = Set.of(
            "57P01", // admin_shutdown
            "57P02", // crash_shutdown
            "57P03", // cannot_connect_now
            "90007", // H2: object closed
            "90067", // H2: connection broken
            "90098", // H2: database closed
            "90121"); // H2: database closed by another
    private static final Set<String> COLLIDED = Set.of(
            "40001", // serialization_failure; H2: deadlock
            "40P01", // deadlock_detected
            "55P03", // lock_not_available
            "HYT00", // H2: lock timeout
            "90131", // H2: concurrent update
            "90135", // H2: another one migrates the tables
            "23505"); // unique_violation: the other one's row is visible next time
    private static final Set<String> PASSING = Set.of(
            "25006", // read_only_sql_transaction: a standby
            "57014", // query_canceled
            "90020"); // H2: file in use

    static SqlFault of(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        if (COLLIDED.contains(state)) {
            return COLLISION;
        }
        if (state.startsWith("08")
                || GONE.contains(state)
                || e instanceof SQLRecoverableException
                || e instanceof SQLTransientConnectionException
                || e instanceof SQLNonTransientConnectionException) {
            return CONNECTION;
        }
        return state.startsWith("53") || PASSING.contains(state) ? UNABLE : LASTING;
    }

    /** As the product's exception, for a call that certainly had no effect. */
    static SnapshotException withoutEffect(String what, @Nullable SQLException e) {
        if (e == null || of(e) != LASTING) {
            return SnapshotException.transientFault(message(what, e), e);
        }
        return SnapshotException.permanent(message(what, e), e);
    }

    /** As the product's exception, for a call that may have had its effect. */
    static SnapshotException unknown(String what, @Nullable SQLException e) {
        return new SnapshotException(
                Kind.OUTCOME_UNKNOWN, message(what, e) + "; it may have been committed nevertheless", e);
    }

    private static String message(String what, @Nullable SQLException e) {
        return e == null
                ? what + " failed in the catalog's database"
                : what + " failed in the catalog's database: " + e.getMessage() + " (SQLSTATE " + e.getSQLState() + ")"
                        + remedy(e);
    }

    private static String remedy(SQLException e) {
        return "90020".equals(e.getSQLState())
                ? "; another process has the file open: end it, add ;AUTO_SERVER=TRUE to the URL in all of them, or use"
                        + " PostgreSQL"
                : "";
    }
}
