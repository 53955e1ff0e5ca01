package io.stillframe.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Held disks are of one moment, also while the guest writes. */
class SimulatedSequenceTest {
    private final SimulatedHypervisor hypervisor = SimulatedHypervisor.builder()
            .instance(SimulatedInstance.named("web")
                    .disk("vda", DiskRole.ROOT, 1 << 20)
                    .disk("vdb", DiskRole.DATA, 1 << 20)
                    .running()
                    .build())
            .build();
    private final SimulatedSequence sequence = hypervisor.guest("web").sequence("vda", "vdb");

    @Test
    void aPointInTimeBetweenTheTwoWritesStaysThere() {
        sequence.step();
        CapturePlan plan = hold();
        sequence.step();
        sequence.step();

        assertThat(lag(plan)).isEqualTo(1);
    }

    @Test
    void pointsInTimeTakenWhileAGuestWritesAreOfOneMoment() {
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            while (!done.get()) {
                sequence.step();
            }
        });
        try {
            for (int i = 0; i < 200; i++) {
                CapturePlan plan = hold();
                assertThat(lag(plan)).isBetween(0L, 1L);
                hypervisor.capture().release(plan, new Cancellation());
            }
        } finally {
            done.set(true);
            writer.orTimeout(20, TimeUnit.SECONDS).join();
        }
        long steps = sequence.step();
        try (BlockSource root = hypervisor.guest("web").content("vda")) {
            assertThat(SimulatedSequence.number(root)).as("no write was lost").isEqualTo((steps + 1) / 2);
        }
    }

    private CapturePlan hold() {
        CapturePlan plan = hypervisor
                .capture()
                .plan(SnapshotId.create(Instant.EPOCH), hypervisor.driver().observe("web"), DiskSelection.all());
        hypervisor.capture().begin(plan);
        return plan;
    }

    private long lag(CapturePlan plan) {
        try (BlockSource root = hypervisor.capture().open(plan, "vda");
                BlockSource data = hypervisor.capture().open(plan, "vdb")) {
            return SimulatedSequence.lag(root, data);
        }
    }
}
