package io.stillframe.catalog.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connections of the caller's data source, which pools them or not, and stays the caller's. */
record SourcedConnections(DataSource source) implements Connections {
    private static final Logger LOG = LoggerFactory.getLogger(SourcedConnections.class);

    @Override
    public Connection take() throws SQLException {
        return source.getConnection();
    }

    @Override
    public void giveBack(Connection connection, State state) {
        try {
            connection.close();
        } catch (SQLException e) {
            LOG.debug("a connection could not be closed: {}", e.getMessage());
        }
    }

    @Override
    public void close() {}
}
