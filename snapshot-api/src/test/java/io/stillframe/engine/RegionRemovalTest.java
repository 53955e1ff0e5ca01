package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.model.RebuildReport;
import io.stillframe.model.Replica;
import io.stillframe.model.Replica.State;
import io.stillframe.model.Retention;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Deletion and retention reach every region, however long one is away; sweeps and rebuilt catalogs look at all. */
class RegionRemovalTest {
    @Test
    void aSnapshotIsGoneWhenItsLastRegionHasConfirmed() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot = taken(regions, service);
            regions.down("us");
            assertThatThrownBy(() -> service.delete(snapshot.id()))
                    .satisfies(e -> assertThat(RegionLab.kindOf(e)).isEqualTo(Kind.TRANSIENT));
            Snapshot left = service.get(snapshot.id());
            assertThat(left.status()).isEqualTo(SnapshotStatus.DELETING);
            assertThat(left.replicas())
                    .extracting(Replica::state)
                    .containsExactly(State.REMOVED, State.DELETING, State.REMOVED);
            assertThat(RegionLab.copy(left, "us").failure()).isPresent();
            assertThat(regions.objects("eu")).isEmpty();
            assertThat(regions.objects("ap")).isEmpty();

            long asked = regions.store("eu").calls(Operation.DELETE);
            regions.up("us");
            service.delete(snapshot.id());
            regions.awaitGone(snapshot.id());
            assertThat(regions.store("eu").calls(Operation.DELETE))
                    .as("what was confirmed is not asked for again")
                    .isEqualTo(asked);
        }
    }

    @Test
    void retentionReachesEveryRegionAndGoesOnUntilTheLastHasConfirmed() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service(
                    RegionLab.settings().expiry(ServiceSettings.Expiry.TIMER).build());
            Snapshot snapshot = regions.lab.settled(
                    service, service.create(RegionLab.request().withRetentionDays(1)));
            regions.down("ap");
            regions.lab.clock.step(Duration.ofDays(1));
            service.changeRetention(
                    regions.lab.settled(service, service.create(Lab.request())).id(), Retention.ofDays(2));
            await().atMost(Lab.LONG)
                    .untilAsserted(() -> assertThat(regions.objects("us")).isEmpty());
            assertThat(service.get(snapshot.id()).status()).isEqualTo(SnapshotStatus.DELETING);
            regions.up("ap");
            await().atMost(Lab.LONG).untilAsserted(() -> {
                assertThat(regions.lab.catalog.find(snapshot.id())).isEmpty();
                assertThat(regions.objects("ap")).isEmpty();
            });
        }
    }

    @Test
    void aServiceRemovesWhatItReachesAndLeavesTheRestToOthers() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService all = regions.service();
            Snapshot snapshot = taken(regions, all);
            SnapshotService some = regions.service(
                    RegionLab.settings().build(), Map.of("eu", regions.store("eu"), "us", regions.store("us")));
            assertThatThrownBy(() -> some.delete(snapshot.id()))
                    .satisfies(e -> assertThat(RegionLab.kindOf(e)).isEqualTo(Kind.UNSUPPORTED));
            assertThat(regions.objects("eu")).isEmpty();
            assertThat(regions.objects("ap")).isNotEmpty();
            all.recover(new Cancellation());
            regions.awaitGone(snapshot.id());
        }
    }

    @Test
    void everyRegionIsSwept() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service(
                    RegionLab.settings().orphanAge(Duration.ZERO).build());
            ObjectKey orphan = ObjectKey.of("snapshots/"
                    + SnapshotId.create(regions.lab.clock.instant().minus(Duration.ofDays(1)))
                    + "/vda.pack");
            regions.store("ap")
                    .put(
                            orphan,
                            ByteBuffer.wrap(new byte[5]),
                            PublishMode.CREATE_IF_ABSENT,
                            UploadOptions.ofDefaults());
            regions.down("us");
            regions.lab.clock.step(Duration.ofDays(10_000));
            SweepReport report = service.sweep(SweepMode.REMOVE, new Cancellation());
            assertThat(regions.objects("ap")).as("%s", report).isEmpty();
            assertThat(report.count(SweepReport.Action.FAILED)).isEqualTo(1);
        }
    }

    @Test
    void aLostCatalogIsRebuiltFromWhateverRegionIsThere() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService first = regions.service();
            Snapshot snapshot = taken(regions, first);
            regions.store("us")
                    .delete(List.of(
                            ObjectKey.of(snapshot.disks().get(0).object().orElseThrow())));
            regions.down("eu");
            MemoryCatalog anew = MemoryCatalog.create(regions.lab.clock);
            SnapshotService.Builder builder = SnapshotService.builder()
                    .catalog(anew)
                    .settings(RegionLab.settings().build())
                    .clock(regions.lab.clock);
            regions.stores().forEach(builder::region);
            try (SnapshotService second = builder.build()) {
                RebuildReport report = second.rebuildCatalog(new Cancellation());
                assertThat(report.count(RebuildReport.Outcome.RESTORED)).isEqualTo(1);
                assertThat(report.unreached()).hasSize(1).first().asString().startsWith("eu");
                Snapshot restored = second.get(snapshot.id());
                assertThat(restored.status()).isEqualTo(SnapshotStatus.AVAILABLE);
                assertThat(RegionLab.copy(restored, "ap").isComplete()).isTrue();
                Snapshot healed =
                        second.await(snapshot.id(), s -> RegionLab.copy(s, "us").isComplete(), Lab.LONG);
                assertThat(RegionLab.copy(healed, "eu").state())
                        .as("what could not be looked at is owed")
                        .isEqualTo(State.BEHIND);

                regions.up("eu");
                RegionLab.awaitWhole(second, snapshot.id());
                assertThat(second.rebuildCatalog(new Cancellation()).count(RebuildReport.Outcome.KNOWN))
                        .isEqualTo(1);
                regions.assertSame("eu", "us");
            }
        }
    }

    @Test
    void aRebuiltCatalogStillOwesTheCopyThatWasBehindWhenItWasLost() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService first = regions.service();
            regions.down("ap");
            Snapshot snapshot = first.await(
                    first.create(RegionLab.request()).id(),
                    s -> s.status() == SnapshotStatus.AVAILABLE
                            && RegionLab.copy(s, "ap").state() == State.BEHIND,
                    Lab.LONG);
            regions.lab.settled(first, snapshot);
            first.close();
            regions.up("ap");
            assertThat(regions.objects("ap").keySet())
                    .as("its manifest did not arrive")
                    .noneMatch(key -> key.value().endsWith("/manifest.json"));
            SnapshotService.Builder builder = SnapshotService.builder()
                    .catalog(MemoryCatalog.create(regions.lab.clock))
                    .settings(RegionLab.settings().build())
                    .clock(regions.lab.clock);
            regions.stores().forEach(builder::region);
            try (SnapshotService second = builder.build()) {
                second.rebuildCatalog(new Cancellation());
                assertThat(RegionLab.awaitWhole(second, snapshot.id()).replicas())
                        .extracting(Replica::region)
                        .containsExactly("eu", "us", "ap");
                regions.assertSame("eu", "ap");
            }
        }
    }

    private static Snapshot taken(RegionLab regions, SnapshotService service) {
        return regions.lab.settled(service, service.create(RegionLab.request()));
    }
}
