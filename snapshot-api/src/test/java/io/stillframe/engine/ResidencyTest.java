package io.stillframe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.SnapshotService;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.Placement;
import io.stillframe.model.ReadFrom;
import io.stillframe.model.RegionReport;
import io.stillframe.model.ResidencyPolicy;
import io.stillframe.model.ResidencyRule;
import io.stillframe.model.ScrubReport;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Tenant;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PowerState;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What may not leave its region does not: no byte and no request reaches a forbidden region's store. */
class ResidencyTest {
    private static final Set<String> NO_REQUEST =
            Set.of("uri", "capabilities", "close", "toString", "equals", "hashCode");

    private final List<String> requests = new CopyOnWriteArrayList<>();

    /** A store that tells of every request that reaches it. */
    private ObjectStore recording(ObjectStore store) {
        return (ObjectStore) Proxy.newProxyInstance(
                ObjectStore.class.getClassLoader(), new Class<?>[] {ObjectStore.class}, (proxy, method, args) -> {
                    if (!NO_REQUEST.contains(method.getName())) {
                        requests.add(method.getName());
                    }
                    try {
                        return method.invoke(store, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    /** With us recorded. */
    private SnapshotService service(RegionLab regions, ServiceSettings settings) {
        Map<String, ObjectStore> stores = new LinkedHashMap<>(regions.stores());
        stores.put("us", recording(regions.store("us")));
        return regions.service(settings, stores);
    }

    static Stream<ServiceSettings> rulesAgainstUs() {
        ResidencyRule jurisdiction = ResidencyRule.jurisdictions("not the us", "in-eu", "in-ap");
        ResidencyRule region = ResidencyRule.regions("not the us", "eu", "ap");
        ResidencyPolicy none = ResidencyPolicy.none();
        return Stream.of(
                        none.with(jurisdiction),
                        none.with(region),
                        none.with(new Tenant("acme"), region),
                        none.with(Lab.INSTANCE, region),
                        none.with(ResidencyRule.regions("wide", "eu", "us", "ap"))
                                .with(new Tenant("acme"), region))
                .map(policy -> RegionLab.settings().residency(policy).build());
    }

    @ParameterizedTest
    @MethodSource("rulesAgainstUs")
    void aRequestThatWouldBreakARuleIsRefusedBeforeAnythingIsCaptured(ServiceSettings settings) {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = service(regions, settings);
            assertThatThrownBy(() -> service.create(RegionLab.request().withTenant(new Tenant("acme"))))
                    .hasMessageContaining("'not the us'")
                    .hasMessageContaining("region us")
                    .satisfies(e -> assertThat(RegionLab.kindOf(e)).isEqualTo(Kind.INVALID));
            assertThat(service.list(Optional.empty(), 10).items()).isEqualTo(List.of());
            assertThat(regions.lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            assertThat(requests).isEqualTo(List.of());
        }
    }

    @Test
    void theRequestsOwnRuleAndTheServicesHoldTogether() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = service(
                    regions,
                    RegionLab.settings()
                            .residency(ResidencyPolicy.none().with(ResidencyRule.regions("house", "eu", "us")))
                            .build());
            Placement placement = Placement.in("eu", "us").withResidency(ResidencyRule.regions("mine", "eu", "ap"));
            assertThatThrownBy(() -> service.create(Lab.request().withPlacement(placement)))
                    .hasMessageContaining("'mine'");
            assertThatThrownBy(() ->
                            service.create(Lab.request().withPlacement(placement.withRegions(List.of("eu", "ap")))))
                    .hasMessageContaining("'house'");
            Snapshot alone = regions.lab.settled(
                    service, service.create(Lab.request().withPlacement(placement.withRegions(List.of("eu")))));
            assertThat(alone.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThatThrownBy(() -> service.addCopy(alone.id(), "us")).hasMessageContaining("'mine'");
            assertThatThrownBy(() -> service.addCopy(alone.id(), "ap")).hasMessageContaining("'house'");
            assertThat(requests).isEqualTo(List.of());
        }
    }

    @Test
    void noRequestOfASnapshotsWholeLifeReachesAForbiddenRegion() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = service(
                    regions,
                    RegionLab.settings()
                            .residency(ResidencyPolicy.none()
                                    .with(ResidencyRule.jurisdictions("not the us", "in-eu", "in-ap")))
                            .build());
            SnapshotRequest request = Lab.request().withRegions("eu", "ap");
            regions.store("ap").failAlways(Operation.PUT_PART, Kind.PERMANENT);
            Snapshot created = service.create(request);
            service.await(created.id(), SnapshotService.settled(), Lab.LONG);
            regions.up("ap");
            Snapshot snapshot = RegionLab.awaitWhole(service, created.id());
            assertThatThrownBy(() -> service.addCopy(snapshot.id(), "us")).hasMessageContaining("region us");
            RegionReport filled = service.fillRegion("us", SnapshotQuery.all(), report -> {}, new Cancellation());
            assertThat(filled.failures()).hasSize(1);
            assertThatThrownBy(() -> service.openDisk(snapshot.id(), "vda", ReadFrom.preferring("us")))
                    .hasMessageContaining("'not the us'");
            assertThatThrownBy(() -> service.launch(
                            LaunchRequest.of(snapshot.id(), "copy").withRegion("us")))
                    .satisfies(e -> assertThat(RegionLab.kindOf(e)).isEqualTo(Kind.INVALID));
            regions.store("eu")
                    .corruptRead(ObjectKey.of(snapshot.disks().get(0).object().orElseThrow()), 700_000);
            service.launch(LaunchRequest.of(snapshot.id(), "copy"));
            service.repair(snapshot.id(), new Cancellation());
            regions.up("eu");
            RegionLab.awaitWhole(service, snapshot.id());
            service.delete(snapshot.id());
            assertThat(requests).isEqualTo(List.of());
        }
    }

    @Test
    void aCopyThatWasAllowedOnceIsNeitherReadNorUsedNorMadeAnyMore() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService lax = regions.service();
            Snapshot snapshot =
                    regions.lab.settled(lax, lax.create(Lab.request().withRegions("us", "eu")));
            lax.close();

            SnapshotService strict = service(
                    regions,
                    RegionLab.settings()
                            .residency(ResidencyPolicy.none().with(ResidencyRule.regions("not the us", "eu", "ap")))
                            .build());
            strict.launch(LaunchRequest.of(snapshot.id(), "copy"));
            assertThat(strict.scrub(snapshot.id(), new Cancellation()).items())
                    .extracting(ScrubReport.Item::outcome)
                    .containsExactly(ScrubReport.Outcome.UNREACHED, ScrubReport.Outcome.WHOLE);
            strict.addCopy(snapshot.id(), "ap");
            strict.await(snapshot.id(), s -> RegionLab.copy(s, "ap").isComplete(), Lab.LONG);
            assertThat(requests).isEqualTo(List.of());

            strict.removeCopy(snapshot.id(), "us");
            strict.await(snapshot.id(), s -> s.replica("us").isEmpty(), Lab.LONG);
            assertThat(regions.objects("us")).isEmpty();
        }
    }

    @Test
    void aRuleThatAppearsBetweenRequestAndCaptureIsKept() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService accepting = regions.service(
                    RegionLab.settings().worker(ServiceSettings.Worker.NONE).build());
            Snapshot created = accepting.create(Lab.request().withRegions("us", "eu"));
            SnapshotService strict = service(
                    regions,
                    RegionLab.settings()
                            .worker(ServiceSettings.Worker.ANY)
                            .poll(Duration.ofMillis(20))
                            .residency(ResidencyPolicy.none().with(ResidencyRule.regions("not the us", "eu", "ap")))
                            .build());
            Snapshot settled = strict.await(created.id(), SnapshotService.settled(), Lab.LONG);
            assertThat(settled.status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(settled.failure().orElseThrow().reason()).contains("'not the us'", "region us");
            assertThat(settled.capture()).isEmpty();
        }
    }
}
