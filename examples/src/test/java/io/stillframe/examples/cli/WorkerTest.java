package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.model.Phase;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.ServiceSettings.AfterCapture;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers as processes: what is asked for elsewhere they capture and store, and what they cannot finish others do. */
class WorkerTest {
    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final String HOST = "rack-1";
    private static final String WORKING = "working on what waits; Ctrl-C ends it";

    @TempDir
    private Path directory = Path.of("");

    private Workplace place = new Workplace(directory);

    @BeforeEach
    void makeInstance() throws IOException {
        place = Workplace.create(directory, 44);
    }

    @Test
    void whatWaitsIsTakenOverFromAWorkerThatIsToldToStop() throws Exception {
        try (SnapshotService front = front();
                ToolProcess first = worker()) {
            first.awaitLine(WORKING);
            SnapshotId id = front.create(SnapshotRequest.of(Workplace.INSTANCE).withHost(HOST))
                    .id();
            front.await(id, snapshot -> snapshot.phase() == Phase.TRANSFERRING, LIMIT);
            first.terminate();
            assertThat(first.exit()).as("%s", first.err()).isEqualTo(Stillframe.FAILED);
            assertThat(first.err()).anyMatch(line -> line.endsWith("what was not finished is left to other workers"));
            assertThat(front.get(id).status()).isEqualTo(SnapshotStatus.QUEUED);

            openGate();
            try (ToolProcess second = worker()) {
                Snapshot settled = front.await(id, SnapshotService.settled(), LIMIT);
                assertThat(settled.status()).as("%s", settled).isEqualTo(SnapshotStatus.AVAILABLE);
                assertThat(settled.instance().hypervisor()).isEqualTo(HOST);
                second.terminate();
                assertThat(second.exit()).isEqualTo(Stillframe.FAILED);
            }
            requireDisk(id);
        }
    }

    @Test
    void oneSnapshotIsFinishedByItsId() throws IOException {
        openGate();
        SnapshotId id;
        try (SnapshotService capturing = service(ServiceSettings.builder()
                        .afterCapture(AfterCapture.HAND_OVER)
                        .build())
                .hypervisor(HOST, URI.create(gated()))
                .build()) {
            id = capturing.create(SnapshotRequest.of(Workplace.INSTANCE)).id();
            capturing.await(id, SnapshotService.captured(), LIMIT);
        }
        ToolRun run = place.run("worker", "--snapshot", id.value(), "--hypervisor", gated(), "--host-name", HOST);
        assertThat(run.exit()).as("%s", run).isZero();
        requireDisk(id);
    }

    /** Without hosts: it leaves its requests to the workers. */
    private SnapshotService front() {
        return service(ServiceSettings.builder()
                        .worker(ServiceSettings.Worker.NONE)
                        .build())
                .build();
    }

    private SnapshotService.Builder service(ServiceSettings settings) {
        return SnapshotService.builder()
                .store(URI.create(place.environment().get(Places.STORE_VARIABLE)))
                .catalog(URI.create("file://" + directory.resolve("store.catalog")))
                .settings(settings);
    }

    private ToolProcess worker() throws IOException {
        Map<String, String> environment = new HashMap<>(place.environment());
        environment.put(Places.HYPERVISOR_VARIABLE, gated());
        environment.put(Places.HOST_NAME_VARIABLE, HOST);
        return ToolProcess.start(directory, environment, "worker", "--max-transfers-per-host", "1");
    }

    private void requireDisk(SnapshotId id) throws IOException {
        Path out = directory.resolve(id + ".raw");
        ToolRun run = place.run("snapshot", "export", id.value(), "--to", "raw", out.toString());
        assertThat(run.exit()).as("%s", run).isZero();
        assertThat(Files.mismatch(out, place.disk())).isEqualTo(-1);
    }

    private String gated() {
        return "gated://" + directory.resolve("instances");
    }

    private void openGate() throws IOException {
        Files.createFile(directory.resolve("instances").resolve(GatedHypervisorProvider.GATE));
    }
}
