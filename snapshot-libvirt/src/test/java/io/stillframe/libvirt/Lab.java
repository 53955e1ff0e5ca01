package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * The scripts of {@code examples/lab} as tests use them. Where the lab cannot run, tests that need it are skipped. The environment can
 * say more: with {@code STILLFRAME_LAB_TESTS=required}, or {@code CI=true} and nothing else said, they fail; with
 * {@code STILLFRAME_LAB_TESTS=off} they are skipped although it can run.
 */
public final class Lab {
    public static final String URI = "qemu:///system";
    private static final Duration LONGEST_COMMAND = Duration.ofMinutes(10);
    private static final Path SCRIPTS = Path.of(System.getProperty("stillframe.root", ".."), "examples", "lab");

    private final Map<String, String> environment;

    private Lab(Map<String, String> environment) {
        this.environment = environment;
    }

    /** What a command did. */
    public record Outcome(int status, String output) {}

    /** The lab, up and running. */
    public static Lab open() {
        Assumptions.assumeFalse("off".equals(wish()), "skipped, since STILLFRAME_LAB_TESTS is off");
        Up.obstacle().ifPresent(obstacle -> {
            if (isRequired()) {
                throw new AssertionError("the lab is required but cannot run: " + obstacle);
            }
            Assumptions.abort("skipped, since the lab cannot run here: " + obstacle);
        });
        return new Lab(Map.of());
    }

    /** The same lab on another libvirt server. */
    public Lab at(String uri) {
        return new Lab(Map.of("LIBVIRT_DEFAULT_URI", uri));
    }

    /** Where the lab keeps its state. */
    public static Path state() {
        return Path.of(Optional.ofNullable(System.getenv("STILLFRAME_LAB"))
                .filter(place -> place.startsWith("/"))
                .orElse("/var/tmp/stillframe-lab"));
    }

    /** Runs one of the lab's scripts and checks that it succeeds. */
    public String script(String name, String... arguments) {
        return succeed(tryScript(name, arguments));
    }

    /** Runs one of the lab's scripts. */
    public Outcome tryScript(String name, String... arguments) {
        List<String> command = new ArrayList<>(List.of(SCRIPTS.resolve(name).toString()));
        command.addAll(List.of(arguments));
        return run(environment, command);
    }

    /** Runs a command and checks that it succeeds. */
    public String command(String... command) {
        return succeed(run(environment, List.of(command)));
    }

    /** Runs a command. */
    public Outcome tryCommand(String... command) {
        return run(environment, List.of(command));
    }

    private static String succeed(Outcome outcome) {
        assertThat(outcome.status).as(outcome.output).isZero();
        return outcome.output;
    }

    static boolean isRequired() {
        return "required".equals(wish());
    }

    static String wish() {
        String unsaid = "true".equals(System.getenv("CI")) ? "required" : "if-possible";
        return Optional.ofNullable(System.getenv("STILLFRAME_LAB_TESTS")).orElse(unsaid);
    }

    private static Outcome run(Map<String, String> environment, List<String> command) {
        try {
            Path log = Files.createTempFile("lab", ".log");
            try {
                ProcessBuilder builder = new ProcessBuilder(command);
                builder.environment().put("STILLFRAME_LAB", state().toString());
                builder.environment()
                        .put("CEPH_CONF", state().resolve("ceph/ceph.conf").toString());
                builder.environment().putAll(environment);
                Process process = builder.redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
                process.getOutputStream().close();
                if (!process.waitFor(LONGEST_COMMAND.toSeconds(), TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    return new Outcome(-1, command + " did not end within " + LONGEST_COMMAND);
                }
                return new Outcome(process.exitValue(), Files.readString(log, StandardCharsets.ISO_8859_1));
            } finally {
                Files.delete(log);
            }
        } catch (IOException e) {
            return new Outcome(-1, command + ": " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome(-1, command + " was interrupted");
        }
    }

    /** Runs one of the lab's scripts outside of any lab that is open. */
    static Outcome runScript(String name, String... arguments) {
        List<String> command = new ArrayList<>(List.of(SCRIPTS.resolve(name).toString()));
        command.addAll(List.of(arguments));
        return run(Map.of(), command);
    }

    /** Brings the lab up once in this process. */
    private static final class Up {
        private static final Optional<String> OBSTACLE = bringUp();

        static Optional<String> obstacle() {
            return OBSTACLE;
        }

        private static Optional<String> bringUp() {
            if (!Files.isExecutable(SCRIPTS.resolve("up.sh"))) {
                return Optional.of(SCRIPTS.toAbsolutePath() + "/up.sh is not there");
            }
            if (!"root".equals(System.getProperty("user.name"))) {
                return Optional.of("it needs root");
            }
            Outcome up = run(Map.of(), List.of(SCRIPTS.resolve("up.sh").toString()));
            return up.status == 0 ? Optional.empty() : Optional.of(up.output.strip());
        }
    }

    /** Reads a file as far as it is there. */
    public static String textOf(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
