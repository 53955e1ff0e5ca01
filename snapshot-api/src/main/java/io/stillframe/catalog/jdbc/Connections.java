package io.stillframe.catalog.jdbc;

import java.sql.Connection;
import java.sql.SQLException;

/** Where a catalog's connections come from. Safe for use by several threads. */
interface Connections extends AutoCloseable {
    /** A connection for one call, closed by {@link #giveBack}. */
    Connection take() throws SQLException;

    /**
     * Takes a connection back.
     *
     * @param state whether it may be used again
     */
    void giveBack(Connection connection, State state);

    /** Whether a connection may be used again. */
    enum State {
        HEALTHY,
        BROKEN
    }

    @Override
    void close();
}
