package io.stillframe.examples.cli;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.catalog.RecordJson;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tool as a process: work that goes on in the background, and processes that are told to stop or are killed. */
class ToolProcessTest {
    private static final Duration LIMIT = Duration.ofSeconds(120);

    @TempDir
    private Path directory = Path.of("");

    private Workplace place = new Workplace(directory);

    @BeforeEach
    void makeInstance() throws IOException {
        place = Workplace.create(directory, 43);
    }

    @Test
    void withoutWaitABackgroundProcessGoesOn() throws Exception {
        try (ToolProcess tool = start("snapshot", "create", "--instance", "web-1")) {
            assertThat(tool.exit()).as("%s", tool.err()).isZero();
            String id = tool.out().get(tool.out().size() - 1);
            assertThat(tool.err().get(tool.err().size() - 1))
                    .contains("is queued")
                    .contains(id + ".log");
            assertThat(show(id).status()).as("the gate is closed").isEqualTo(SnapshotStatus.QUEUED);
            openGate();
            await().atMost(LIMIT).until(() -> show(id).status() == SnapshotStatus.AVAILABLE);
            Path log = directory.resolve("store.catalog.logs").resolve(id + ".log");
            await().atMost(LIMIT).until(() -> Files.readString(log).contains(id + " is available"));
        }
    }

    @Test
    void toldToStopItPutsTheInstanceBackAndSaysSo() throws Exception {
        try (ToolProcess tool = start("snapshot", "create", "--instance", "web-1", "--wait")) {
            tool.awaitLine("queued: transferring");
            tool.terminate();
            assertThat(tool.exit()).as("%s", tool.err()).isEqualTo(Stillframe.FAILED);
            String id = tool.out().get(0);
            Snapshot failed = show(id);
            assertThat(failed.status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(failed.obligations()).isEmpty();
            assertThat(failed.failure().orElseThrow().reason()).isNotBlank();
            assertThat(tool.err().get(tool.err().size() - 1))
                    .startsWith("stillframe: ")
                    .contains("is failed");
        }
    }

    @Test
    void whatAKilledProcessLeftIsRecovered() throws Exception {
        String id;
        try (ToolProcess tool = start("snapshot", "create", "--instance", "web-1", "--wait")) {
            tool.awaitLine("queued: transferring");
            id = tool.out().get(0);
            tool.kill();
            tool.exit();
        }
        openGate();
        // The dead process's lease has to run out first.
        await().atMost(LIMIT).until(() -> {
            ToolRun recover = place.run("recover", "--hypervisor", gated());
            assertThat(recover.exit()).as("%s", recover).isZero();
            return show(id).status().settled();
        });
        assertThat(show(id).status()).isEqualTo(SnapshotStatus.AVAILABLE);
        assertThat(show(id).obligations()).isEmpty();
    }

    private ToolProcess start(String... args) throws IOException {
        Map<String, String> environment = new HashMap<>(place.environment());
        environment.put(Places.HYPERVISOR_VARIABLE, gated());
        return ToolProcess.start(directory, environment, args);
    }

    private String gated() {
        return "gated://" + directory.resolve("instances");
    }

    private void openGate() throws IOException {
        Files.createFile(directory.resolve("instances").resolve(GatedHypervisorProvider.GATE));
    }

    private Snapshot show(String id) {
        ToolRun run = place.run("snapshot", "show", id, "--json");
        assertThat(run.exit()).as("%s", run).isZero();
        return RecordJson.readSnapshot(String.join("\n", run.out()), id);
    }
}
