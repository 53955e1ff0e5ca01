package io.stillframe.catalog.jdbc;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Lease;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.contract.Samples;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Databases as URIs, without their passwords being told to anybody. */
class JdbcCatalogProviderTest {
    private static final Duration TTL = Duration.ofSeconds(30);
    private static final String SECRET = "s3cr3t-p4ss";

    @TempDir
    private Path directory;

    @Test
    void anH2FileOutlivesItsCatalogAndKeepsItsPassword() {
        String file = "jdbc:h2:file:" + directory.resolve("catalog");
        URI uri = URI.create(file + ";USER=sa;PASSWORD=" + SECRET);
        CatalogRecord record = fresh();
        try (SnapshotCatalog catalog = Plugins.catalog(uri)) {
            assertThat(catalog.uri()).startsWith(file).doesNotContain(SECRET);
            catalog.release(catalog.create(record, "me", TTL));
        }
        try (SnapshotCatalog catalog = Plugins.catalog(uri)) {
            assertThat(catalog.find(record.snapshot().id())).contains(record);
        }
        SnapshotException refused = failing(
                () -> Plugins.catalog(URI.create(file + ";USER=sa;PASSWORD=" + SECRET + "wrong")), Kind.PERMANENT);
        assertThat(everythingOf(refused)).doesNotContain(SECRET);
    }

    @Test
    void aPostgresqlUriNeedsItsPasswordAndDoesNotShowIt() {
        String url = PostgresServer.shared().emptySchema();
        String password = url.replaceAll(".*password=([^&]*).*", "$1");
        try (SnapshotCatalog catalog = Plugins.catalog(URI.create(url))) {
            assertThat(catalog.uri()).startsWith("jdbc:postgresql://127.0.0.1:").doesNotContain(password);
            catalog.create(fresh(), "me", TTL);
        }
        URI wrong = URI.create(url.replace(password, SECRET));
        assertThat(everythingOf(failing(() -> Plugins.catalog(wrong), Kind.PERMANENT)))
                .doesNotContain(SECRET);
        URI nobody = URI.create("jdbc:postgresql://127.0.0.1:1/x?user=u&password=" + SECRET);
        assertThat(everythingOf(failing(() -> Plugins.catalog(nobody), Kind.TRANSIENT)))
                .doesNotContain(SECRET);
        URI unknown = URI.create("jdbc:oracle:thin:u/" + SECRET + "@host");
        assertThat(everythingOf(failing(() -> Plugins.catalog(unknown), Kind.UNSUPPORTED)))
                .doesNotContain(SECRET);
    }

    @ParameterizedTest
    @CsvSource({
        "jdbc:postgresql://h/d?user=u&password=a%26b&ssl=true, jdbc:postgresql://h/d?user=u&ssl=true, a&b",
        "jdbc:postgresql://h/d?password=x, jdbc:postgresql://h/d, x",
        "jdbc:h2:file:/a;Password=x y;USER=u, jdbc:h2:file:/a;USER=u, x y",
        "jdbc:h2:file:/a, jdbc:h2:file:/a, ''",
    })
    void secretsAreTakenOutOfUrls(String text, String url, String secret) {
        JdbcUri uri = JdbcUri.parse(text);
        assertThat(uri.url()).isEqualTo(url);
        assertThat(uri.secrets().stream().map(JdbcUri.Secret::value).reduce("", String::concat))
                .isEqualTo(secret);
        assertThat(uri.secrets().toString()).doesNotContain(secret.isEmpty() ? "\n" : secret + "]");
    }

    /** Interrupts end waiting and sleeping, but no call of a catalog, and do not close the file under everybody else. */
    @Test
    void interruptsDoNotBreakCalls() {
        try (SnapshotCatalog catalog = Plugins.catalog(URI.create("jdbc:h2:file:" + directory.resolve("catalog")))) {
            CatalogRecord record = fresh();
            Lease lease = catalog.create(record, "me", TTL);
            for (int i = 0; i < 20; i++) {
                Thread.currentThread().interrupt();
                record = catalog.update(record.withAttribute("large", "x".repeat(200_000) + i), lease);
                assertThat(Thread.interrupted()).isTrue();
            }
            assertThat(catalog.find(record.snapshot().id())).contains(record);
        }
    }

    @Test
    void theCallersDataSourceStaysTheCallers() throws Exception {
        JdbcConnectionPool pool = JdbcConnectionPool.create("jdbc:h2:file:" + directory.resolve("own"), "sa", SECRET);
        try (JdbcCatalog catalog = JdbcCatalog.open(pool)) {
            catalog.create(fresh(), "me", TTL);
            assertThat(catalog.uri()).doesNotContain(SECRET);
        }
        assertThat(pool.getActiveConnections()).isZero();
        try (Connection still = pool.getConnection()) {
            assertThat(still.getAutoCommit()).isTrue();
            assertThat(Sql.row(still, row -> row.getInt(1), "SELECT COUNT(*) FROM stillframe_snapshot"))
                    .contains(1);
        }
        pool.dispose();
    }

    private static String everythingOf(Throwable fault) {
        StringWriter text = new StringWriter();
        fault.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    private static CatalogRecord fresh() {
        return CatalogRecord.first(
                Samples.requested(Instant.parse("2026-03-01T10:00:00Z")), Optional.empty(), Map.of());
    }
}
