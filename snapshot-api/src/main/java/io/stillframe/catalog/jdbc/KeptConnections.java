package io.stillframe.catalog.jdbc;

import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Properties;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connections that a catalog opened from a URI makes itself: a few at once, kept for the next call. */
final class KeptConnections implements Connections {
    private static final Logger LOG = LoggerFactory.getLogger(KeptConnections.class);
    private static final int MOST = 8;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Driver driver;
    private final String url;
    private final Properties properties;
    private final Semaphore places = new Semaphore(MOST, true);
    private final Deque<Connection> idle = new ArrayDeque<>();
    private boolean closed;

    KeptConnections(Driver driver, String url, Properties properties) {
        this.driver = driver;
        this.url = url;
        this.properties = properties;
    }

    @Override
    public Connection take() throws SQLException {
        enter();
        try {
            Connection kept = poll();
            Connection connection = kept == null ? driver.connect(url, properties) : kept;
            if (connection == null) {
                throw new SQLException("the driver does not take " + url, "08001");
            }
            return connection;
        } catch (SQLException | RuntimeException e) {
            places.release();
            throw e;
        }
    }

    @Override
    public void giveBack(Connection connection, State state) {
        if (state == State.BROKEN) {
            // What broke one has mostly broken all of them.
            discardIdle();
        }
        if (state == State.BROKEN || !keep(connection)) {
            close(connection);
        }
        places.release();
    }

    @Override
    public void close() {
        synchronized (idle) {
            closed = true;
        }
        discardIdle();
    }

    private void enter() throws SQLException {
        try {
            if (!places.tryAcquire(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new SQLTransientConnectionException(
                        "all " + MOST + " connections have been busy for " + PATIENCE.toSeconds() + " s", "08001");
            }
        } catch (InterruptedException e) {
            // Interrupts do not break calls: this one only does without its turn.
            places.acquireUninterruptibly();
            Thread.currentThread().interrupt();
        }
    }

    private Connection poll() {
        synchronized (idle) {
            return idle.pollFirst();
        }
    }

    private boolean keep(Connection connection) {
        synchronized (idle) {
            if (!closed) {
                idle.addFirst(connection);
            }
            return !closed;
        }
    }

    private void discardIdle() {
        Deque<Connection> all;
        synchronized (idle) {
            all = new ArrayDeque<>(idle);
            idle.clear();
        }
        all.forEach(KeptConnections::close);
    }

    private static void close(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            LOG.debug("a connection could not be closed: {}", e.getMessage());
        }
    }
}
