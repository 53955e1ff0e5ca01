package io.stillframe.catalog.jdbc;

import io.stillframe.catalog.jdbc.Connections.State;
import io.stillframe.model.SnapshotException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs transactions. One that collided with another is run again, and so is one whose connection was lost before its commit was sent,
 * with a new connection. When the answer to a commit is lost, the next connection first looks whether it happened.
 */
final class Transactions {
    private static final Logger LOG = LoggerFactory.getLogger(Transactions.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int LOST_CONNECTIONS = 3;
    private static final int LONGEST_PAUSE_MILLIS = 64;

    private final Connections connections;

    Transactions(Connections connections) {
        this.connections = connections;
    }

    /** What a transaction does; run as often as needed. */
    @FunctionalInterface
    interface Work<T> {
        T run(Connection connection) throws SQLException;
    }

    /** Looks whether a transaction happened whose commit was not answered. */
    @FunctionalInterface
    interface Look<T> {
        /**
         * Waits for the lost transaction where it is still being committed.
         *
         * @param intended what the lost transaction would have returned
         * @return empty if it did not happen
         */
        Optional<T> find(Connection connection, T intended) throws SQLException;

        /** For work that may simply be done again. */
        static <T> Look<T> doAgain() {
            return (connection, intended) -> Optional.empty();
        }
    }

    /** Reads with one or several statements that need not agree on one moment. */
    <T> T read(String what, Work<T> work) {
        return new Attempts<>(what, work, Look.doAgain(), Mode.READ).run();
    }

    /** Changes something, wholly or not at all. */
    <T> T write(String what, Work<T> work, Look<T> look) {
        return new Attempts<>(what, work, look, Mode.WRITE).run();
    }

    private enum Mode {
        READ,
        WRITE
    }

    /** One transaction until it has happened, or it is known that it will not. */
    private final class Attempts<T> {
        private final String what;
        private final Work<T> work;
        private final Look<T> look;
        private final Mode mode;
        private final long deadline = System.nanoTime() + PATIENCE.toNanos();
        private Optional<T> unanswered = Optional.empty();
        private int lost;
        private int failures;

        Attempts(String what, Work<T> work, Look<T> look, Mode mode) {
            this.what = what;
            this.work = work;
            this.look = look;
            this.mode = mode;
        }

        T run() {
            while (true) {
                try {
                    return once();
                } catch (SQLException e) {
                    failures++;
                    if (!isWorthAnother(e)) {
                        throw unanswered.isPresent() ? SqlFault.unknown(what, e) : SqlFault.withoutEffect(what, e);
                    }
                    LOG.debug("{} is tried again after failure {}: {}", what, failures, e.getMessage());
                    pause();
                }
            }
        }

        private T once() throws SQLException {
            Connection connection = connections.take();
            State state = State.BROKEN;
            try {
                T result = mode == Mode.READ ? reading(connection) : writing(connection);
                state = State.HEALTHY;
                return result;
            } catch (SnapshotException e) {
                state = State.HEALTHY;
                throw e;
            } catch (SQLException e) {
                state = SqlFault.of(e) == SqlFault.CONNECTION ? State.BROKEN : State.HEALTHY;
                throw e;
            } finally {
                connections.giveBack(connection, state);
            }
        }

        private T reading(Connection connection) throws SQLException {
            boolean automatic = connection.getAutoCommit();
            if (!automatic) {
                connection.setAutoCommit(true);
            }
            T result = work.run(connection);
            if (!automatic) {
                connection.setAutoCommit(false);
            }
            return result;
        }

        private T writing(Connection connection) throws SQLException {
            int isolation = connection.getTransactionIsolation();
            boolean automatic = connection.getAutoCommit();
            if (isolation != Connection.TRANSACTION_READ_COMMITTED) {
                connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            }
            connection.setAutoCommit(false);
            try {
                T result = committed(connection);
                restore(connection, automatic, isolation);
                return result;
            } catch (SQLException | RuntimeException | Error e) {
                // Without its rollback, what restores the connection would commit.
                if (rolledBack(connection, e)) {
                    restore(connection, automatic, isolation);
                }
                throw e;
            }
        }

        private T committed(Connection connection) throws SQLException {
            if (unanswered.isPresent()) {
                Optional<T> found = look.find(connection, unanswered.get());
                if (found.isPresent()) {
                    connection.rollback();
                    return found.get();
                }
            }
            T result = work.run(connection);
            try {
                connection.commit();
                return result;
            } catch (SQLException e) {
                if (SqlFault.of(e) != SqlFault.COLLISION) {
                    unanswered = Optional.of(result);
                }
                throw e;
            }
        }

        private boolean isWorthAnother(SQLException e) {
            boolean inTime = System.nanoTime() - deadline < 0;
            return switch (SqlFault.of(e)) {
                case COLLISION -> inTime;
                case CONNECTION -> inTime && (unanswered.isPresent() || ++lost < LOST_CONNECTIONS);
                case UNABLE, LASTING -> inTime && unanswered.isPresent();
            };
        }

        private void pause() {
            int longest = Math.min(LONGEST_PAUSE_MILLIS, 1 << Math.min(failures, 16));
            try {
                Thread.sleep(1 + ThreadLocalRandom.current().nextLong(longest));
            } catch (InterruptedException e) {
                // A call under way is not broken by interrupts; it ends by its deadline.
                Thread.currentThread().interrupt();
                Thread.onSpinWait();
            }
        }
    }

    private static boolean rolledBack(Connection connection, Throwable cause) {
        try {
            connection.rollback();
            return true;
        } catch (SQLException e) {
            cause.addSuppressed(e);
            return false;
        }
    }

    private static void restore(Connection connection, boolean automatic, int isolation) {
        try {
            if (automatic) {
                connection.setAutoCommit(true);
            }
            if (isolation != Connection.TRANSACTION_READ_COMMITTED) {
                connection.setTransactionIsolation(isolation);
            }
        } catch (SQLException e) {
            LOG.debug("a connection could not be restored: {}", e.getMessage());
        }
    }
}
