package io.stillframe.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.contract.SteppableClock;
import io.stillframe.store.FaultInjectingStore.Gate;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A retention has its length whatever the nodes' clocks show. */
class CompletionTimeTest {
    private static final ServiceSettings SETTINGS = Lab.settings().build();

    @ParameterizedTest
    @ValueSource(strings = {"-PT3H", "PT3H"})
    void theClockThatAllNodesShareDatesTheCompletion(Duration wrong) {
        try (Lab lab = Lab.running()) {
            SteppableClock shared = SteppableClock.at(Instant.parse("2026-02-01T12:00:00Z"));
            SnapshotCatalog catalog = withTime(MemoryCatalog.create(), shared);
            SnapshotService node = node(lab, catalog, Clock.offset(shared, wrong));
            Snapshot snapshot = lab.settled(node, node.create(Lab.request().withRetentionDays(1)));
            assertThat(snapshot.completedAt()).contains(shared.instant());
            assertThat(snapshot.expiresAt()).contains(shared.instant().plus(Duration.ofDays(1)));

            shared.step(Duration.ofDays(1).minusNanos(1));
            assertThat(node.get(snapshot.id()).status())
                    .as("readable until the last moment, also where the clock is ahead")
                    .isEqualTo(SnapshotStatus.AVAILABLE);
            node.openDisk(snapshot.id(), "vda").close();
            shared.step(Duration.ofHours(4));
            assertThat(node.get(snapshot.id()).status()).isEqualTo(SnapshotStatus.DELETING);
        }
    }

    @Test
    void aClockThatWentBackMeanwhileDatesNoCompletionBeforeThePointInTime() {
        try (Lab lab = Lab.running()) {
            Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService node = lab.service();
            Snapshot created = node.create(Lab.request());
            Snapshot captured = node.await(created.id(), SnapshotService.captured(), Lab.LONG);
            lab.clock.step(Duration.ofDays(-30));
            gate.open();
            Snapshot stored = lab.settled(node, created);
            assertThat(stored.completedAt())
                    .contains(captured.capture().orElseThrow().pointInTime());
        }
    }

    private static SnapshotService node(Lab lab, SnapshotCatalog catalog, Clock clock) {
        return lab.add(SnapshotService.builder()
                .hypervisor(lab.host)
                .store(lab.store)
                .catalog(catalog)
                .settings(SETTINGS)
                .clock(clock)
                .build());
    }

    private static SnapshotCatalog withTime(SnapshotCatalog real, Clock shared) {
        return (SnapshotCatalog) Proxy.newProxyInstance(
                SnapshotCatalog.class.getClassLoader(),
                new Class<?>[] {SnapshotCatalog.class},
                (proxy, method, args) -> {
                    if (method.getName().equals("ownTime")) {
                        return Optional.of(shared.instant());
                    }
                    try {
                        return method.invoke(real, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
