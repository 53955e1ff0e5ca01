package io.stillframe.storage.swift;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * The lab's Swift clusters and Keystone, started by {@code examples/lab/stores/swift-up.sh} unless they run. Where they cannot run, tests
 * that need them are skipped. The environment can say more: with {@code STILLFRAME_LAB_TESTS=required}, or {@code CI=true} and nothing
 * else said, they fail; with {@code STILLFRAME_LAB_TESTS=off} they are skipped although they could run.
 */
final class SwiftLab {
    private static final Path SCRIPTS =
            Path.of(System.getProperty("stillframe.root", ".."), "examples", "lab", "stores");

    private final Map<String, String> settings;

    private SwiftLab(Map<String, String> settings) {
        this.settings = settings;
    }

    static SwiftLab open() {
        Assumptions.assumeFalse("off".equals(wish()), "skipped, since STILLFRAME_LAB_TESTS is off");
        Up.OBSTACLE.ifPresent(obstacle -> {
            if ("required".equals(wish())) {
                throw new AssertionError("the lab's Swift is required but cannot run: " + obstacle);
            }
            Assumptions.abort("skipped, since the lab's Swift cannot run here: " + obstacle);
        });
        Map<String, String> settings = new HashMap<>();
        read("swift.env", settings);
        read("keystone.env", settings);
        return new SwiftLab(settings);
    }

    String setting(String name) {
        return Optional.ofNullable(settings.get(name))
                .orElseThrow(() -> new IllegalStateException("the lab's settings lack " + name));
    }

    Map<String, String> settings() {
        return Map.copyOf(settings);
    }

    SwiftCredentials.TempAuth tempAuth() {
        return tempAuth(URI.create(setting("ST_AUTH")));
    }

    /** The same cluster through a proxy that cuts large objects into manifests of four segments. */
    SwiftCredentials.TempAuth tempAuthOfSmallManifests() {
        return tempAuth(URI.create(setting("STILLFRAME_SWIFT_SMALL_AUTH")));
    }

    SwiftCredentials.TempAuth tempAuth(URI authUrl) {
        return new SwiftCredentials.TempAuth(authUrl, setting("ST_USER"), SwiftSecret.of(setting("ST_KEY")));
    }

    SwiftCredentials.Password password() {
        return new SwiftCredentials.Password(
                keystone(),
                KeystoneName.name(setting("OS_USERNAME")),
                KeystoneName.name("Default"),
                SwiftSecret.of(setting("OS_PASSWORD")),
                KeystoneName.name(setting("OS_PROJECT_NAME")),
                KeystoneName.name("Default"));
    }

    SwiftCredentials.ApplicationCredential applicationCredential() {
        return new SwiftCredentials.ApplicationCredential(
                keystone(),
                setting("STILLFRAME_OS_APPLICATION_CREDENTIAL_ID"),
                SwiftSecret.of(setting("STILLFRAME_OS_APPLICATION_CREDENTIAL_SECRET")));
    }

    URI keystone() {
        return URI.create(setting("OS_AUTH_URL"));
    }

    private static String wish() {
        String unsaid = "true".equals(System.getenv("CI")) ? "required" : "if-possible";
        return Optional.ofNullable(System.getenv("STILLFRAME_LAB_TESTS")).orElse(unsaid);
    }

    static Path state() {
        return Path.of(Optional.ofNullable(System.getenv("STILLFRAME_LAB"))
                .filter(place -> place.startsWith("/"))
                .orElse("/var/tmp/stillframe-lab"));
    }

    private static void read(String file, Map<String, String> into) {
        try {
            for (String line : Files.readAllLines(state().resolve("run").resolve(file))) {
                int equals = line.indexOf("='");
                into.put(line.substring("export ".length(), equals), line.substring(equals + 2, line.length() - 1));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Brings the clusters up once in this process. */
    private static final class Up {
        private static final Optional<String> OBSTACLE = bringUp();

        private static Optional<String> bringUp() {
            Path script = SCRIPTS.resolve("swift-up.sh");
            if (!Files.isExecutable(script)) {
                return Optional.of(script.toAbsolutePath() + " is not there");
            }
            if (!"root".equals(System.getProperty("user.name"))) {
                return Optional.of("it needs root");
            }
            try {
                Path log = Files.createTempFile("swift-up", ".log");
                ProcessBuilder builder = new ProcessBuilder(script.toString());
                builder.environment().put("STILLFRAME_LAB", state().toString());
                Process process = builder.redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
                boolean ended = process.waitFor(5, TimeUnit.MINUTES);
                String said = Files.readString(log).strip();
                Files.delete(log);
                return ended && process.exitValue() == 0 ? Optional.empty() : Optional.of("swift-up.sh says: " + said);
            } catch (IOException e) {
                return Optional.of(e.toString());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.of("interrupted");
            }
        }
    }
}
