package io.stillframe.engine;

import static io.stillframe.engine.RegionLab.copy;
import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.model.Availability;
import io.stillframe.model.Obligation;
import io.stillframe.model.Phase;
import io.stillframe.model.Placement;
import io.stillframe.model.ReadFrom;
import io.stillframe.model.Replica;
import io.stillframe.model.Replica.State;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.PowerState;
import io.stillframe.store.FaultInjectingStore;
import io.stillframe.store.FaultInjectingStore.Operation;
import io.stillframe.store.MemoryObjectStore;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One snapshot to several regions: encoded once, and no region holds another one up. */
class RegionFanOutTest {
    @ParameterizedTest
    @ValueSource(strings = {"pack", "zstd", "raw", "qcow2"})
    void everyRegionHasTheSameObjects(String codec) {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot = regions.lab.settled(
                    service, service.create(RegionLab.request().withCodec(codec)));

            assertThat(snapshot.status()).as("%s", snapshot).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(snapshot.replicas()).extracting(Replica::region).containsExactly("eu", "us", "ap");
            assertThat(snapshot.replicas()).allMatch(Replica::isComplete);
            assertThat(snapshot.replicas()).allMatch(copy -> copy.bytesStored() == snapshot.bytesStored());
            regions.assertSame("eu", "us");
            regions.assertSame("eu", "ap");
        }
    }

    @Test
    void aSnapshotGoesToItsHomeAloneUnlessMoreIsAskedFor() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot = regions.lab.settled(service, service.create(Lab.request()));
            assertThat(snapshot.replicas()).extracting(Replica::region).containsExactly("eu");
            Snapshot elsewhere =
                    regions.lab.settled(service, service.create(Lab.request().withRegions("ap")));
            assertThat(elsewhere.replicas()).extracting(Replica::region).containsExactly("ap");
            assertThat(elsewhere.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(regions.objects("us")).isEmpty();
            assertThat(regions.objects("eu").keySet())
                    .noneMatch(key -> key.value().contains(elsewhere.id().value()));
        }
    }

    @Test
    void theServicesPlacementIsThatOfRequestsWithoutOne() {
        try (RegionLab regions = new RegionLab()) {
            ServiceSettings settings = RegionLab.settings()
                    .placement(Placement.in("us", "eu").withAvailability(Availability.ALL))
                    .build();
            SnapshotService service = regions.service(settings);
            Snapshot snapshot = regions.lab.settled(service, service.create(Lab.request()));
            assertThat(snapshot.replicas()).extracting(Replica::region).containsExactly("us", "eu");
            assertThat(snapshot.placement().availability()).isEqualTo(Availability.ALL);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "us, BEGIN_UPLOAD",
        "us, ARRIVED",
        "us, PUT_PART",
        "us, COMPLETE",
        "us, PUT",
        "eu, ARRIVED",
        "eu, PUT_PART",
        "ap, PUT_PART"
    })
    void aRegionThatFailsIsLeftBehindAndCatchesUpFromAHealthyOne(String region, Operation operation) {
        try (RegionLab regions = new RegionLab()) {
            regions.store(region).failAlways(operation, Kind.PERMANENT);
            SnapshotService service = regions.service();
            Snapshot created = service.create(RegionLab.request());
            service.await(
                    created.id(),
                    s -> s.replicas().stream().filter(Replica::isComplete).count() == 2,
                    Lab.LONG);
            Snapshot behind = service.get(created.id());
            assertThat(copy(behind, region).state()).as("%s", behind).isNotEqualTo(State.COMPLETE);
            boolean home = region.equals("eu");
            assertThat(behind.status()).isEqualTo(home ? SnapshotStatus.QUEUED : SnapshotStatus.AVAILABLE);

            regions.lab.host.faults().clear();
            regions.up(region);
            Snapshot whole = RegionLab.awaitWhole(service, created.id());
            assertThat(whole.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            regions.assertSame(home ? "us" : "eu", region);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"eu", "us"})
    void aRegionThatDiesInTheMiddleAndReturnsConverges(String dying) {
        try (RegionLab regions = new RegionLab()) {
            FaultInjectingStore.Gate middle = regions.store("ap").block(Operation.PUT_PART);
            SnapshotService service = regions.service(
                    RegionLab.settings().regionPatience(Lab.LONG).build());
            Snapshot created = service.create(RegionLab.request().withCodec("raw"));
            middle.awaitArrival(Lab.LONG);
            regions.down(dying);
            middle.open();
            String other = dying.equals("eu") ? "us" : "eu";
            service.await(
                    created.id(),
                    s -> copy(s, other).isComplete() && copy(s, "ap").isComplete(),
                    Lab.LONG);
            assertThat(copy(service.get(created.id()), dying).isComplete()).isFalse();
            regions.up(dying);
            Snapshot whole = RegionLab.awaitWhole(service, created.id());
            assertThat(whole.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            regions.assertSame("ap", dying);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Operation.class,
            names = {"BEGIN_UPLOAD", "ARRIVED", "PUT_PART", "COMPLETE", "PUT"})
    void aRegionThatHangsKeepsNoOtherOneWaiting(Operation operation) {
        try (RegionLab regions = new RegionLab()) {
            FaultInjectingStore.Gate hanging = regions.store("us").block(operation);
            SnapshotService service = regions.service(
                    RegionLab.settings().regionPatience(Duration.ofMillis(300)).build());
            Snapshot snapshot = regions.lab.settled(
                    service, service.create(RegionLab.request().withCodec("raw")));
            hanging.awaitArrival(Lab.LONG);
            // Only this one call hangs: us may have been caught up with already.
            assertThat(snapshot.status()).as("%s", snapshot).isEqualTo(SnapshotStatus.AVAILABLE);
            service.await(snapshot.id(), s -> copy(s, "ap").isComplete(), Lab.LONG);

            hanging.open();
            RegionLab.awaitWhole(service, snapshot.id());
            regions.assertSame("eu", "us");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "HOME, eu, REPLICATING",
        "HOME, us, DONE",
        "QUORUM, eu, DONE",
        "QUORUM, ap, DONE",
        "ALL, eu, REPLICATING",
        "ALL, ap, REPLICATING"
    })
    void availableFollowsThePolicy(Availability policy, String dead, Phase meanwhile) {
        try (RegionLab regions = new RegionLab()) {
            regions.down(dead);
            SnapshotService service = regions.service();
            Snapshot created = service.create(
                    Lab.request().withPlacement(Placement.in("eu", "us", "ap").withAvailability(policy)));
            Snapshot stored = service.await(
                    created.id(),
                    s -> s.replicas().stream().filter(Replica::isComplete).count() == 2
                            && s.obligations().isEmpty(),
                    Lab.LONG);
            assertThat(stored.phase()).as("%s", stored).isEqualTo(meanwhile);
            assertThat(stored.completedAt().isPresent()).isEqualTo(meanwhile == Phase.DONE);
            assertThat(regions.lab.host.capture().listHeld())
                    .as("the point in time is not needed any more")
                    .isEmpty();
            assertThat(regions.lab.catalog.find(created.id()).orElseThrow().claim())
                    .as("claim on the instance")
                    .isEmpty();
            regions.up(dead);
            Snapshot whole = RegionLab.awaitWhole(service, created.id());
            assertThat(whole.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(whole.completedAt()).isPresent();
        }
    }

    @Test
    void onlyWhenAllRegionsFailTheSnapshotDoesAndTheInstanceIsBack() {
        try (RegionLab regions = new RegionLab()) {
            RegionLab.REGIONS.forEach(region -> regions.store(region).failAlways(Operation.PUT_PART, Kind.PERMANENT));
            SnapshotService service = regions.service();
            Snapshot snapshot = regions.lab.settled(service, service.create(RegionLab.request()));
            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(snapshot.obligations()).doesNotContain(Obligation.values());
            assertThat(regions.lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            RegionLab.REGIONS.forEach(regions::up);
            await().atMost(Lab.LONG)
                    .untilAsserted(() -> RegionLab.REGIONS.forEach(region -> assertThat(regions.store(region)
                                    .listUploads("", Optional.empty(), 10)
                                    .items())
                            .isEmpty()));
        }
    }

    @Test
    void whatIsReadIsWhatWasCaptured() {
        try (RegionLab regions = new RegionLab();
                BlockSource root = regions.lab.guest.content("vda")) {
            regions.store("eu").failAlways(Operation.PUT_PART, Kind.PERMANENT);
            SnapshotService service = regions.service();
            Snapshot created = service.create(RegionLab.request().withCodec("qcow2"));
            service.await(created.id(), s -> copy(s, "us").isComplete(), Lab.LONG);
            regions.up("eu");
            RegionLab.awaitWhole(service, created.id());
            try (BlockSource stored = service.openDisk(created.id(), "vda", ReadFrom.only("eu"))) {
                RegionLab.assertSameDisk(root, stored);
            }
        }
    }

    @Test
    void regionsAreNamedOnceAndHaveAStoreEach() {
        MemoryObjectStore store = MemoryObjectStore.named("one");
        assertThatThrownBy(
                        () -> builder().region("eu", store).region("us", store).build())
                .hasMessageContaining("same store");
        assertThatThrownBy(() -> builder()
                        .region("eu", store)
                        .region("eu", MemoryObjectStore.named("two"))
                        .build())
                .hasMessageContaining("two regions are called eu");
        assertThatThrownBy(() -> builder().region("EU", store)).hasMessageContaining("region's name");
        assertThatThrownBy(() -> builder().store(store).region("eu", store).build())
                .hasMessageContaining("not both");
        assertThatThrownBy(() -> Placement.in("eu", "us", "eu")).hasMessageContaining("one copy");
    }

    @Test
    void aRegionThatTheServiceDoesNotHaveIsRefused() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            assertThatThrownBy(() -> service.create(Lab.request().withRegions("eu", "mars")))
                    .hasMessageContaining("no region mars")
                    .satisfies(e -> assertThat(RegionLab.kindOf(e)).isEqualTo(Kind.INVALID));
            assertThat(service.list(Optional.empty(), 10).items()).isEqualTo(List.of());
        }
    }

    private static SnapshotService.Builder builder() {
        return SnapshotService.builder().catalog(MemoryCatalog.create(Clock.systemUTC()));
    }
}
