package io.stillframe.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.PowerState;
import org.junit.jupiter.api.Test;

/** From a running instance to an available snapshot. */
class LifeTest {
    @Test
    void aRunningInstanceIsCapturedAndRunsAgain() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();

            Snapshot requested = service.create(Lab.request());
            Snapshot snapshot = lab.settled(service, requested);

            assertThat(requested.status()).isEqualTo(SnapshotStatus.CAPTURING);
            assertThat(snapshot.status()).as("%s", snapshot).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
        }
    }
}
