package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The start script and the jar that it runs, as the build packages them. */
@DisabledOnOs(OS.WINDOWS)
class StartScriptIT {
    private static final Path SCRIPT = Path.of(System.getProperty("stillframe.root", ".."), "examples", "stillframe")
            .toAbsolutePath()
            .normalize();

    @TempDir
    private Path directory = Path.of("");

    @Test
    void worksFromAnywhereThroughLinks() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), SCRIPT);
        Path relative = Files.createSymbolicLink(directory.resolve("relative"), Path.of("link"));
        assertThat(Files.readSymbolicLink(link)).isEqualTo(SCRIPT);
        assertThat(run(relative.toString(), "--version")).anyMatch(line -> line.startsWith("stillframe 0."));
    }

    @Test
    void findsThePluginsOfEveryJar() throws Exception {
        List<String> said = run(
                SCRIPT.toString(),
                "snapshot",
                "create",
                "--instance",
                "web",
                "--hypervisor",
                "nowhere:/",
                "--store",
                "file://" + directory.resolve("store"));
        assertThat(said)
                .singleElement()
                .asString()
                .contains("nowhere")
                .contains("images")
                .contains("qemu");
    }

    @Test
    void saysNothingOfItsOwn() throws Exception {
        assertThat(run(
                        SCRIPT.toString(),
                        "snapshot",
                        "list",
                        "--json",
                        "--store",
                        "file://" + directory.resolve("store")))
                .containsExactly("[]");
    }

    @Test
    void classesAreArchivedOnceForAPlaceAndUsed() throws Exception {
        Path place = install("place");
        List<Process> crowd = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            crowd.add(start(directory.resolve("output-" + i), Map.of(), script(place), "--version"));
        }
        for (int i = 0; i < 3; i++) {
            requireVersionAlone(outcome(crowd.get(i), directory.resolve("output-" + i)));
        }
        Path archive = onlyFile(place.resolve("target/classes.archive"));
        requireUse(place);

        Path moved = Files.move(place, directory.resolve("moved"));
        requireUse(moved);
        assertThat(onlyFile(moved.resolve("target/classes.archive")).getFileName())
                .isNotEqualTo(archive.getFileName());

        Files.writeString(onlyFile(moved.resolve("target/classes.archive")), "no archive of anything");
        requireVersionAlone(run(script(moved), "--version"));
    }

    @Test
    void whereNothingCanBeWrittenTheUsersCacheIsAndWithoutOneItStarts() throws Exception {
        Path place = install("place");
        Files.createFile(place.resolve("target/classes.archive"));
        Path cache = directory.resolve("cache");
        requireVersionAlone(run(
                Map.of("XDG_CACHE_HOME", cache.toString(), "STILLFRAME_ARCHIVE", "off"), script(place), "--version"));
        assertThat(cache).doesNotExist();
        requireVersionAlone(run(Map.of("XDG_CACHE_HOME", "/dev/null"), script(place), "--version"));
        requireVersionAlone(run(Map.of("XDG_CACHE_HOME", cache.toString()), script(place), "--version"));
        try (Stream<Path> places = Files.list(cache.resolve("stillframe"))) {
            assertThat(places).singleElement().satisfies(each -> onlyFile(each));
        }
    }

    /** The tool at another place, with the jars of this one. */
    private Path install(String name) throws IOException {
        Path place = Files.createDirectories(directory.resolve(name));
        Files.copy(SCRIPT, place.resolve("stillframe"));
        Path target = Files.createDirectories(place.resolve("target"));
        Path built = SCRIPT.resolveSibling("target");
        Files.createSymbolicLink(target.resolve("stillframe.jar"), built.resolve("stillframe.jar"));
        Files.createSymbolicLink(target.resolve("lib"), built.resolve("lib"));
        return place;
    }

    private static String script(Path place) {
        return place.resolve("stillframe").toString();
    }

    private static Path onlyFile(Path place) {
        try (Stream<Path> files = Files.list(place)) {
            List<Path> found = files.toList();
            assertThat(found).singleElement().asString().endsWith(".jsa");
            return found.get(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void requireUse(Path place) throws Exception {
        Path log = directory.resolve("classes.log");
        requireVersionAlone(
                run(Map.of("STILLFRAME_JAVA_OPTS", "-Xlog:class+load:file=" + log), script(place), "--version"));
        assertThat(Files.readAllLines(log))
                .filteredOn(line -> line.contains(Stillframe.class.getName() + " "))
                .singleElement()
                .asString()
                .contains("shared objects file (top)");
    }

    private static void requireVersionAlone(List<String> said) {
        assertThat(said).singleElement().asString().startsWith("stillframe 0.");
    }

    /** Both outputs' lines. */
    private List<String> run(String... command) throws IOException, InterruptedException {
        return run(Map.of(), command);
    }

    private List<String> run(Map<String, String> environment, String... command)
            throws IOException, InterruptedException {
        Path output = directory.resolve("output.txt");
        return outcome(start(output, environment, command), output);
    }

    private Process start(Path output, Map<String, String> environment, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static List<String> outcome(Process process, Path output) throws IOException, InterruptedException {
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        return Files.readAllLines(output);
    }
}
