package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packs on the command line: generations of a disk, and their verification. */
class PackCommandsTest {
    private static final int MIB = 1 << 20;

    @TempDir
    private Path dir;

    private final byte[] content = new byte[12 * MIB];

    @BeforeEach
    void makeFirstGeneration() throws IOException {
        new Random(5).nextBytes(content);
        Files.write(dir.resolve("disk.raw"), content);
        done("image", "convert", path("disk.raw"), path("old.pack"), "--from", "raw", "--to", "pack");
    }

    @Test
    void anIncrementalPackStoresWhatChangedAndReadsTheRestFromTheOlderOne() throws IOException {
        content[5 * MIB + 1] ^= 1;
        Files.write(dir.resolve("disk.raw"), content);
        done(
                "image",
                "convert",
                path("disk.raw"),
                path("new.pack"),
                "--from",
                "raw",
                "--to",
                "pack",
                "--base",
                path("old.pack"));
        assertThat(Files.size(dir.resolve("new.pack"))).isLessThan(MIB + 20_000);
        done(
                "image",
                "convert",
                path("new.pack"),
                path("back.raw"),
                "--from",
                "pack",
                "--backing",
                "pack:" + path("old.pack"),
                "--to",
                "raw");
        assertThat(Files.mismatch(dir.resolve("disk.raw"), dir.resolve("back.raw")))
                .isEqualTo(-1);
        ToolRun alone = run("image", "convert", path("new.pack"), path("x.raw"), "--from", "pack", "--to", "raw");
        assertThat(alone.exit()).isEqualTo(Stillframe.FAILED);
        assertThat(alone.complaint()).contains("old.pack");

        assertThat(done("image", "verify", path("new.pack")).out())
                .singleElement()
                .asString()
                .contains("1 of 12 stored chunks")
                .contains("11 in other packs passed over");
        assertThat(done("image", "verify", path("new.pack"), "--pack", path("old.pack"))
                        .out())
                .singleElement()
                .asString()
                .contains("12 of 12 stored chunks");
    }

    @Test
    void thePacksDigestCanBeChosen() throws IOException {
        for (Map.Entry<String, String> digest : Map.of("none", "none", "sha256", "SHA-256", "sha512-256", "SHA-512/256")
                .entrySet()) {
            String file = path(digest.getKey() + ".pack");
            done("image", "convert", path("disk.raw"), file, "--to", "pack", "--chunk-digest", digest.getKey());
            assertThat(done("image", "info", file, "--json").out())
                    .anyMatch(line -> line.contains("\"" + digest.getValue() + "\""));
            done("image", "convert", file, path("back.raw"), "--from", "pack", "--to", "raw", "--force");
            assertThat(Files.mismatch(dir.resolve("disk.raw"), dir.resolve("back.raw")))
                    .isEqualTo(-1);
        }
    }

    @Test
    void aDigestThatDoesNotSuitIsAMisuse() {
        assertThat(run("image", "convert", path("disk.raw"), path("x"), "--to", "pack", "--chunk-digest", "md5")
                        .complaint())
                .contains("none, sha256, sha512-256");
        assertThat(run("image", "convert", path("disk.raw"), path("x"), "--to", "qcow2", "--chunk-digest", "none")
                        .complaint())
                .contains("--to pack");
        ToolRun based = run(
                "image",
                "convert",
                path("disk.raw"),
                path("x"),
                "--to",
                "pack",
                "--chunk-digest",
                "none",
                "--base",
                path("old.pack"));
        assertThat(based.exit()).isEqualTo(Stillframe.USAGE);
        assertThat(based.complaint()).contains("the base's");
        assertThat(dir.resolve("x")).doesNotExist();
    }

    @Test
    void aFaultIsFoundByReadingEverythingAndBySamplesWithTheSameSeed() throws IOException {
        byte[] pack = Files.readAllBytes(dir.resolve("old.pack"));
        pack[4 * MIB] ^= 8;
        Files.write(dir.resolve("old.pack"), pack);
        ToolRun all = run("image", "verify", path("old.pack"));
        assertThat(all.exit()).isEqualTo(Stillframe.FAILED);
        assertThat(all.out()).hasSize(2);
        assertThat(all.out().get(0)).startsWith("FRAME").contains("old.pack");
        int found = 0;
        for (int seed = 0; seed < 40; seed++) {
            ToolRun sampled = run("image", "verify", path("old.pack"), "--sample", "25%", "--seed", "" + seed);
            assertThat(sampled.out().get(sampled.out().size() - 1))
                    .contains("3 of 12")
                    .contains("seed " + seed);
            found += sampled.exit();
        }
        assertThat(found).isBetween(2, 25);
        ToolRun json = run("image", "verify", path("old.pack"), "--json");
        assertThat(String.join("", json.out())).contains("\"clean\" : false").contains("\"frame\"");
    }

    @Test
    void aSampleSaysItsSeed() {
        assertThat(done("image", "verify", path("old.pack"), "--sample", "2").out())
                .singleElement()
                .asString()
                .matches("no fault: 2 of 12 .*, seed [0-9]+");
    }

    @Test
    void misuseIsToldInOneLine() {
        assertUsage("verify", "image", "verify", path("old.pack"), "--sample", "0%");
        assertUsage(
                "--to pack",
                "image",
                "convert",
                path("disk.raw"),
                path("x"),
                "--to",
                "raw",
                "--base",
                path("old.pack"));
        assertUsage(
                "cannot replace it",
                "image",
                "convert",
                path("disk.raw"),
                path("old.pack"),
                "--force",
                "--to",
                "pack",
                "--base",
                path("old.pack"));
    }

    private void assertUsage(String told, String... args) {
        ToolRun run = run(args);
        assertThat(run.exit()).as("%s", run).isEqualTo(Stillframe.USAGE);
        assertThat(run.complaint()).contains(told);
    }

    private ToolRun done(String... args) {
        ToolRun run = run(args);
        assertThat(run.exit()).as("%s", run).isEqualTo(Stillframe.DONE);
        return run;
    }

    private static ToolRun run(String... args) {
        return ToolRun.of(Map.of(), args);
    }

    private String path(String name) {
        return dir.resolve(name).toString();
    }
}
