package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.catalog.RecordJson;
import io.stillframe.model.Consistency;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.OlderObject;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotStatus;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A snapshot's life by the tool alone, over the embedded hypervisor, store and catalog. */
class SnapshotLifeTest {
    @TempDir
    private Path directory = Path.of("");

    private Workplace place = new Workplace(directory);

    @BeforeEach
    void makeInstance() throws IOException {
        place = Workplace.create(directory, 42);
    }

    @Test
    void theIdIsTheLastLineOfStandardOutput() {
        ToolRun run = place.run(
                "snapshot", "create", "--instance", "web-1", "--name", "nightly", "--retention-days", "3", "--wait");
        assertThat(run.exit()).as("%s", run).isZero();
        assertThat(run.out()).hasSize(1);
        Snapshot shown = show(run.out().get(0));
        assertThat(shown.status()).isEqualTo(SnapshotStatus.AVAILABLE);
        assertThat(shown.name()).isEqualTo("nightly");
        assertThat(shown.retention().days()).isEqualTo(3);
        assertThat(shown.capture().orElseThrow().consistency()).isEqualTo(Consistency.ALREADY_OFF);
        assertThat(shown.obligations()).isEmpty();
    }

    @Test
    void progressGoesToStandardErrorAsPlainLines() {
        ToolRun run = place.run("snapshot", "create", "--instance", "web-1", "--wait");
        assertThat(run.err()).noneMatch(line -> line.contains("\u001b") || line.contains("\r"));
        assertThat(run.err().get(run.err().size() - 1)).contains("is available").contains("1 disk");
    }

    @Test
    void onATerminalOneLineIsDrawnAgain() {
        ToolRun run = ToolRun.onTerminal(place.environment(), "snapshot", "create", "--instance", "web-1", "--wait");
        assertThat(run.exit()).as("%s", run).isZero();
        assertThat(String.join("\n", run.err())).contains("\u001b[K").contains("available");
    }

    @Test
    void aListHasEverySnapshotNewestFirst() {
        String first = place.snapshot();
        String second = place.snapshot();
        ToolRun list = place.run("snapshot", "list");
        assertThat(list.out()).hasSize(3);
        assertThat(list.out().get(0)).contains("ID", "STATUS", "EXPIRES");
        assertThat(list.out().get(1)).startsWith(second).contains("available", "web-1", "never");
        assertThat(list.out().get(2)).startsWith(first);
    }

    @Test
    void anEmptyListIsAnEmptyArray() {
        assertThat(place.run("snapshot", "list", "--json").out()).containsExactly("[]");
        assertThat(place.run("snapshot", "list").out()).hasSize(1);
    }

    @Test
    void detailsSayWhatAUserAsksFor() {
        String id = place.snapshot();
        assertThat(place.run("snapshot", "show", id).out())
                .anyMatch(line -> line.matches("status +available"))
                .anyMatch(line -> line.matches("consistency +already_off"))
                .anyMatch(line -> line.matches("downtime +0 ms"))
                .anyMatch(line -> line.matches("kept +for ever"))
                .anyMatch(line -> line.matches("disk vda +root, 24 MiB \\(25165824 bytes\\), raw stored as pack"))
                .anyMatch(line -> line.matches(" +content +sha256-1m:[0-9a-f]{64}"))
                .anyMatch(line -> line.contains("disks of 24 MiB (25165824 bytes) or more"));
    }

    @Test
    void anExportIsTheDiskByteForByte() throws IOException {
        String id = place.snapshot();
        Path out = directory.resolve("out.raw");
        ToolRun run = place.run("snapshot", "export", id, "--to", "raw", out.toString());
        assertThat(run.exit()).as("%s", run).isZero();
        assertThat(Files.mismatch(out, place.disk())).isEqualTo(-1);
    }

    @Test
    void anExportReplacesNothingUnasked() throws IOException {
        String id = place.snapshot();
        Path out = Files.writeString(directory.resolve("out.raw"), "precious");
        ToolRun refused = place.run("snapshot", "export", id, "--to", "raw", out.toString());
        assertThat(refused.exit()).isEqualTo(Stillframe.USAGE);
        assertThat(refused.complaint()).contains("--force");
        assertThat(out).hasContent("precious");
        assertThat(place.run("snapshot", "export", id, "--to", "raw", out.toString(), "--force")
                        .exit())
                .isZero();
        assertThat(Files.mismatch(out, place.disk())).isEqualTo(-1);
    }

    @Test
    void anExportOfAnUnknownDiskNamesThoseThatExist() {
        String id = place.snapshot();
        ToolRun run = place.run("snapshot", "export", id, "--disk", "vdb", "--to", "raw", directory + "/out.raw");
        assertThat(run.exit()).isEqualTo(Stillframe.FAILED);
        assertThat(run.complaint()).contains("vdb").contains("[vda]");
    }

    @Test
    void aCopyIsLaunchedWithTheSameContent() throws IOException {
        String id = place.snapshot();
        ToolRun run = place.run("launch", id, "--as", "web-2", "--no-start", "--disk-size", "32M");
        assertThat(run.exit()).as("%s", run).isZero();
        assertThat(run.out().get(0)).startsWith("instance web-2 ");
        Path disk = Path.of(run.out().get(1).replaceAll("^disk vda: (.*), raw, .*$", "$1"));
        assertThat(disk).hasSize(32 << 20);
        assertThat(Files.mismatch(disk, place.disk()))
                .as("equal up to the smaller one's end")
                .isEqualTo(Workplace.DISK_SIZE);
    }

    @Test
    void aSmallerDiskIsRefusedNamingBothSizes() {
        String id = place.snapshot();
        ToolRun run = place.run("launch", id, "--as", "web-2", "--no-start", "--disk-size", "16M");
        assertThat(run.exit()).isEqualTo(Stillframe.FAILED);
        assertThat(run.err().get(run.err().size() - 1)).contains("16777216").contains("25165824");
    }

    @Test
    void aDeletedSnapshotIsGoneWithItsObjects() throws IOException {
        String id = place.snapshot();
        assertThat(place.run("snapshot", "delete", id).exit()).isZero();
        assertThat(place.run("snapshot", "show", id).exit()).isEqualTo(Stillframe.FAILED);
        assertThat(place.run("snapshot", "list").out()).hasSize(1);
        try (var files = Files.walk(directory.resolve("store"))) {
            assertThat(files.filter(Files::isRegularFile)
                            .filter(file -> file.toString().contains(id)))
                    .isEmpty();
        }
    }

    @Test
    void whatChangedOutlivesWhatItIsBuiltOn() throws IOException {
        String first = changes();
        change(place.disk());
        String second = changes();
        DiskSnapshot disk = show(second).disks().get(0);
        String pack = show(first).disks().get(0).object().orElseThrow();
        assertThat(disk.older()).extracting(OlderObject::object).containsExactly(pack);
        assertThat(disk.bytesStored()).isLessThan(show(first).disks().get(0).bytesStored() / 2);
        assertThat(place.run("snapshot", "show", second).out())
                .anyMatch(line -> line.matches(" +built on +" + pack + ", .*bytes\\)"));

        assertThat(place.run("snapshot", "delete", first).exit()).isZero();

        assertThat(place.run("snapshot", "show", first).exit()).isEqualTo(Stillframe.FAILED);
        assertThat(place.run("snapshot", "list").out()).hasSize(2).noneMatch(line -> line.contains(first));
        assertThat(place.run("snapshot", "list", "--status", "removed").out())
                .hasSize(2)
                .anyMatch(line -> line.startsWith(first) && line.contains("removed"));
        assertThat(place.run("sweep").out()).isEmpty();
        Path out = directory.resolve("out.raw");
        ToolRun run = place.run("snapshot", "export", second, "--to", "raw", out.toString());
        assertThat(run.exit()).as("%s", run).isZero();
        assertThat(Files.mismatch(out, place.disk())).isEqualTo(-1);

        assertThat(place.run("snapshot", "delete", second).exit()).isZero();
        assertThat(directory.resolve("store").resolve("snapshots")).doesNotExist();
        assertThat(place.run("snapshot", "list", "--status", "removed").out()).hasSize(1);
    }

    @Test
    void anUnknownInstanceIsToldInOneLineAndNothingStays() {
        ToolRun run = place.run("snapshot", "create", "--instance", "web-7", "--wait");
        assertThat(run.exit()).isEqualTo(Stillframe.FAILED);
        assertThat(run.out()).isEmpty();
        assertThat(run.complaint()).contains("web-7").contains("web-1");
        assertThat(place.run("snapshot", "list", "--json").out()).containsExactly("[]");
    }

    @Test
    void nothingIsLeftToRecoverOrToSweep() {
        place.snapshot();
        ToolRun recover = place.run("recover");
        assertThat(recover.exit()).as("%s", recover).isZero();
        assertThat(recover.out()).isEmpty();
        ToolRun sweep = place.run("sweep", "--dry-run");
        assertThat(sweep.exit()).as("%s", sweep).isZero();
        assertThat(sweep.out()).isEmpty();
    }

    @Test
    void aHostIsKnownByItsName() {
        ToolRun created = place.run(
                "snapshot",
                "create",
                "--instance",
                "web-1",
                "--host-name",
                "rack-1",
                "--max-captures-per-host",
                "1",
                "--max-transfers-per-store",
                "2",
                "--wait");
        assertThat(created.exit()).as("%s", created).isZero();
        String id = created.out().get(0);
        assertThat(show(id).instance().hypervisor()).isEqualTo("rack-1");
        ToolRun launched = place.run("launch", id, "--as", "web-2", "--no-start", "--host-name", "rack-1");
        assertThat(launched.exit()).as("%s", launched).isZero();
        assertThat(place.run("snapshot", "delete", id).exit()).isZero();
    }

    @Test
    void aNamedHostIsNotGuessed() {
        String id = place.run("snapshot", "create", "--instance", "web-1", "--host-name", "rack-1", "--wait")
                .out()
                .get(0);
        ToolRun run = ToolRun.of(
                Map.of(Places.STORE_VARIABLE, place.environment().get(Places.STORE_VARIABLE)),
                "launch",
                id,
                "--as",
                "web-2");
        assertThat(run.exit()).isEqualTo(Stillframe.USAGE);
        assertThat(run.complaint()).contains("rack-1").contains("--hypervisor").contains("--host-name");
    }

    private String changes() {
        ToolRun run = place.run("snapshot", "create", "--instance", "web-1", "--storing", "changes", "--wait");
        assertThat(run.exit()).as("%s", run).isZero();
        return run.out().get(0);
    }

    private static void change(Path disk) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.seek(1 << 20);
            file.write("something else".getBytes(StandardCharsets.US_ASCII));
        }
    }

    private Snapshot show(String id) {
        ToolRun run = place.run("snapshot", "show", id, "--json");
        assertThat(run.exit()).as("%s", run).isZero();
        return RecordJson.readSnapshot(String.join("\n", run.out()), id);
    }
}
