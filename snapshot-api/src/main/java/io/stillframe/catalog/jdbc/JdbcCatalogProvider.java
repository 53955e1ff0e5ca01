package io.stillframe.catalog.jdbc;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.CatalogProvider;
import io.stillframe.spi.SnapshotCatalog;
import java.net.URI;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;

/**
 * Opens {@link JdbcCatalog}s at {@code jdbc:postgresql://host/database} and {@code jdbc:h2:file:/path}. The driver must be on the class
 * or module path ({@code org.postgresql:postgresql}, {@code com.h2database:h2}). User and password may be settings of the URI ({@code
 * ?user=…&password=…}, {@code ;USER=…;PASSWORD=…}); PostgreSQL's driver also reads {@code ~/.pgpass}. They are never shown.
 *
 * <p>An H2 file is for one process at a time; the setting {@code ;AUTO_SERVER=TRUE} shares it by a port that the first process opens.
 */
public final class JdbcCatalogProvider implements CatalogProvider {
    private static final String POSTGRESQL = "jdbc:postgresql:";
    private static final String H2 = "jdbc:h2:";

    /** What a URI says overrides these: no call waits for a silent network for ever. */
    private static final Map<String, String> POSTGRESQL_DEFAULTS = Map.of(
            "connectTimeout", "10",
            "socketTimeout", "60",
            "tcpKeepAlive", "true",
            "ApplicationName", "stillframe");

    @Override
    public String name() {
        return "jdbc";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("jdbc");
    }

    @Override
    public SnapshotCatalog open(URI uri) {
        JdbcUri database = JdbcUri.parse(uri);
        String url = database.url();
        Properties properties = new Properties();
        if (url.startsWith(POSTGRESQL)) {
            properties.putAll(POSTGRESQL_DEFAULTS);
        } else if (url.startsWith(H2)) {
            url = withoutExitHook(url);
        } else {
            throw SnapshotException.unsupported("a catalog is kept in " + POSTGRESQL + "//host/database or " + H2
                    + "file:/path, not in " + scheme(url));
        }
        database.secrets().forEach(secret -> properties.setProperty(propertyName(secret.name()), secret.value()));
        KeptConnections connections = new KeptConnections(driver(url), url, properties);
        try {
            return JdbcCatalog.open(connections, Optional.empty());
        } catch (RuntimeException | Error e) {
            connections.close();
            throw e;
        }
    }

    /** H2 would close the database when the process is told to end, while the service still writes what became of its work. */
    private static String withoutExitHook(String url) {
        String upper = url.toUpperCase(Locale.ROOT);
        return upper.contains(";DB_CLOSE_ON_EXIT=") || upper.contains(";AUTO_SERVER=TRUE")
                ? url
                : url + ";DB_CLOSE_ON_EXIT=FALSE";
    }

    private static String propertyName(String setting) {
        return setting.equalsIgnoreCase("password") ? "password" : setting;
    }

    private static String scheme(String url) {
        String[] parts = url.split(":", 3);
        return parts.length < 3 ? "this URI" : parts[0] + ":" + parts[1] + ":";
    }

    private static Driver driver(String url) {
        try {
            return DriverManager.getDriver(url);
        } catch (SQLException e) {
            throw SnapshotException.unsupported("there is no JDBC driver for " + scheme(url)
                    + " on the class or module path; add org.postgresql:postgresql or com.h2database:h2");
        }
    }
}
