package io.stillframe.catalog.jdbc;

import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A PostgreSQL server of this test run's own, through the lab's script. Where none can run, tests are skipped, or fail if the
 * environment says that the lab is required; {@code CONTRIBUTING.md} tells how.
 */
public final class PostgresServer {
    private static final Path SCRIPT =
            Path.of(System.getProperty("stillframe.root", ".."), "examples", "lab", "postgres.sh");
    private static final AtomicInteger SCHEMAS = new AtomicInteger();

    private final String name;
    private final String url;

    private PostgresServer(String name, String url) {
        this.name = name;
        this.url = url;
    }

    private static final class Shared {
        private static final Optional<PostgresServer> SERVER =
                launch("test-" + ProcessHandle.current().pid());
    }

    /** The server that the tests of this process share; it is removed with the process. */
    public static PostgresServer shared() {
        return required(Shared.SERVER);
    }

    /** A server that this test may stop. */
    public static PostgresServer ofItsOwn() {
        return required(launch("test-" + ProcessHandle.current().pid() + "-" + SCHEMAS.incrementAndGet()));
    }

    /** A URL of a new, empty schema, password included. */
    public String emptySchema() {
        String schema = "test_" + SCHEMAS.incrementAndGet();
        execute("CREATE SCHEMA " + schema);
        return url + "&currentSchema=" + schema;
    }

    void execute(String sql) {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new AssertionError("the test's server refused " + sql, e);
        }
    }

    void start() {
        script("start", name);
    }

    /** As a crash: nothing is flushed, nobody is waited for. */
    void crash() {
        script("stop", name, "immediate");
    }

    void stop() {
        script("stop", name, "fast");
    }

    void destroy() {
        script("destroy", name);
    }

    private static PostgresServer required(Optional<PostgresServer> server) {
        boolean required = "required".equals(wish());
        if (!required) {
            assumeFalse("off".equals(System.getenv("STILLFRAME_LAB_TESTS")), "STILLFRAME_LAB_TESTS is off");
            assumeTrue(server.isPresent(), "there is no PostgreSQL here: examples/lab/install.sh postgres");
        }
        return server.orElseThrow(() -> new AssertionError("PostgreSQL cannot be started: see " + SCRIPT));
    }

    private static String wish() {
        String unsaid = "true".equals(System.getenv("CI")) ? "required" : "auto";
        return Optional.ofNullable(System.getenv("STILLFRAME_LAB_TESTS")).orElse(unsaid);
    }

    private static Optional<PostgresServer> launch(String name) {
        if ("off".equals(wish())) {
            return Optional.empty();
        }
        try {
            PostgresServer server = new PostgresServer(name, script("start", name));
            Runtime.getRuntime().addShutdownHook(new Thread(server::destroy));
            return Optional.of(server);
        } catch (IllegalStateException e) {
            System.err.println(e.getMessage());
            return Optional.empty();
        }
    }

    private static String script(String... arguments) {
        String[] command = new String[arguments.length + 1];
        command[0] = SCRIPT.toAbsolutePath().toString();
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        try {
            Path output = Files.createTempFile("postgres", ".out");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            boolean ended = process.waitFor(90, TimeUnit.SECONDS);
            String said = Files.readString(output, StandardCharsets.UTF_8).strip();
            Files.delete(output);
            if (!ended || process.exitValue() != 0) {
                throw new IllegalStateException("postgres.sh " + arguments[0] + " failed: " + said);
            }
            return said;
        } catch (IOException e) {
            throw new IllegalStateException("postgres.sh cannot be run: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
