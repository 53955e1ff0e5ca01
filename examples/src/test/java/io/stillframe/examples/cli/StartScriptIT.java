package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

    /** Both outputs' lines. */
    private List<String> run(String... command) throws IOException, InterruptedException {
        Path output = directory.resolve("output.txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        return Files.readAllLines(output);
    }
}
