package io.stillframe.examples.regions;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * The scripts of {@code examples/lab}. Where what a test needs of the lab cannot run, it is skipped. The environment can say more: with
 * {@code STILLFRAME_LAB_TESTS=required}, or {@code CI=true} and nothing else said, it fails; with {@code STILLFRAME_LAB_TESTS=off} it is
 * skipped although it can run.
 */
final class LabScripts {
    private static final Path SCRIPTS = Path.of(System.getProperty("stillframe.root", ".."), "examples", "lab");
    private static final int LONGEST_SECONDS = 300;
    /** What came of each script that brings something up, once in this process. */
    private static final Map<String, Optional<String>> BROUGHT_UP = new ConcurrentHashMap<>();

    /** What a command did. */
    private record Outcome(int status, String output) {}

    private LabScripts() {}

    /** Brings up what these scripts do. */
    static LabScripts open(String... scripts) {
        Assumptions.assumeFalse("off".equals(wish()), "skipped, since STILLFRAME_LAB_TESTS is off");
        for (String script : scripts) {
            Optional<String> obstacle = BROUGHT_UP.computeIfAbsent(script, LabScripts::bringUp);
            assertThat("required".equals(wish()) ? obstacle : Optional.empty())
                    .as("what keeps the lab, which is required, from running")
                    .isEmpty();
            Assumptions.assumeTrue(
                    obstacle.isEmpty(), () -> "skipped, since the lab cannot run here: " + obstacle.orElse(""));
        }
        return new LabScripts();
    }

    /** Where the lab keeps its state. */
    static Path state() {
        return Path.of(Optional.ofNullable(System.getenv("STILLFRAME_LAB"))
                .filter(place -> place.startsWith("/"))
                .orElse("/var/tmp/stillframe-lab"));
    }

    /** What one of the lab's servers says of how to log in, by variable. */
    Map<String, String> settings(String file) {
        Map<String, String> settings = new HashMap<>();
        try {
            for (String line : Files.readAllLines(state().resolve("run").resolve(file))) {
                int equals = line.indexOf("='");
                settings.put(line.substring("export ".length(), equals), line.substring(equals + 2, line.length() - 1));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return settings;
    }

    /** Runs a script, which must succeed, and gives what it says. */
    String script(String name, String... arguments) {
        List<String> command = new ArrayList<>(List.of(SCRIPTS.resolve(name).toString()));
        command.addAll(List.of(arguments));
        return succeed(run(command));
    }

    /** Runs a command, which must succeed, and gives what it says. */
    String command(String... command) {
        return succeed(run(List.of(command)));
    }

    /** Runs a command, whatever comes of it. */
    void attempt(String... command) {
        run(List.of(command));
    }

    private static String succeed(Outcome outcome) {
        assertThat(outcome.status).as(outcome.output).isZero();
        return outcome.output;
    }

    private static String wish() {
        String unsaid = "true".equals(System.getenv("CI")) ? "required" : "if-possible";
        return Optional.ofNullable(System.getenv("STILLFRAME_LAB_TESTS")).orElse(unsaid);
    }

    private static Optional<String> bringUp(String script) {
        if (!"root".equals(System.getProperty("user.name"))) {
            return Optional.of("it needs root");
        }
        Path file = SCRIPTS.resolve(script);
        if (!Files.isExecutable(file)) {
            return Optional.of(file.toAbsolutePath() + " is not there");
        }
        Outcome up = run(List.of(file.toString()));
        return up.status == 0 ? Optional.empty() : Optional.of(script + " says: " + up.output.strip());
    }

    private static Outcome run(List<String> command) {
        try {
            Path log = Files.createTempFile("lab", ".log");
            try {
                ProcessBuilder builder = new ProcessBuilder(command);
                builder.environment().put("STILLFRAME_LAB", state().toString());
                builder.environment().putIfAbsent("LIBVIRT_DEFAULT_URI", "qemu:///system");
                Process process = builder.redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
                process.getOutputStream().close();
                if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    return new Outcome(-1, command + " did not end within " + LONGEST_SECONDS + " s");
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
}
