package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.hypervisor.SimulatedHypervisor;
import io.stillframe.hypervisor.SimulatedInstance;
import io.stillframe.model.DiskRole;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotRequest;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SnapshotTextTest {
    @Test
    void aSnapshotOnVolumesSaysWhereItIs() {
        SimulatedInstance instance = SimulatedInstance.named("web")
                .onVolumes()
                .disk("vda", DiskRole.ROOT, 1 << 20)
                .build();
        try (SimulatedHypervisor host =
                        SimulatedHypervisor.builder().instance(instance).build();
                SnapshotService service = SnapshotService.builder()
                        .hypervisor(host)
                        .catalog(MemoryCatalog.create(Clock.systemUTC()))
                        .build()) {
            Snapshot kept = service.await(
                    service.create(SnapshotRequest.of("web")).id(), SnapshotService.settled(), Duration.ofSeconds(30));

            assertThat(String.join("\n", SnapshotText.details(kept)))
                    .containsPattern("on simulated volumes +kept since 20")
                    .containsPattern("volume +" + kept.disks().get(0).volume().orElseThrow())
                    .doesNotContain("stored as");
            assertThat(SnapshotText.outcome(kept)).contains("1 disk, kept on their volumes");
        }
    }
}
