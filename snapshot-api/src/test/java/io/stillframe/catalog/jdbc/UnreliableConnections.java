package io.stillframe.catalog.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;

/** Connections of which a test may do damage to the next commit. */
final class UnreliableConnections implements Connections {
    /** What happens instead of a commit. */
    @FunctionalInterface
    interface Commit {
        void run(Connection connection) throws SQLException;
    }

    private final Connections real;
    private final AtomicReference<Commit> next = new AtomicReference<>();

    UnreliableConnections(Connections real) {
        this.real = real;
    }

    /** The next commit is done in this way, once. */
    void onNextCommit(Commit commit) {
        next.set(commit);
    }

    @Override
    public Connection take() throws SQLException {
        Connection connection = real.take();
        AtomicBoolean lost = new AtomicBoolean();
        return (Connection) Proxy.newProxyInstance(
                Connection.class.getClassLoader(), new Class<?>[] {Connection.class}, (proxy, method, args) -> {
                    Commit damage = method.getName().equals("commit") ? next.getAndSet(null) : null;
                    if (method.getName().equals("unwrap")) {
                        return connection;
                    }
                    if (lost.get()) {
                        throw new SQLNonTransientConnectionException("the connection was lost", "08003");
                    }
                    if (damage != null) {
                        lost.set(true);
                        damage.run(connection);
                        return null;
                    }
                    try {
                        return method.invoke(connection, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Override
    public void giveBack(Connection connection, State state) {
        try {
            real.giveBack(connection.unwrap(Connection.class), state);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        real.close();
    }
}
