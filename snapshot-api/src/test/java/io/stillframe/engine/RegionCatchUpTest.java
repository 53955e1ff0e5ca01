package io.stillframe.engine;

import static io.stillframe.engine.RegionLab.copy;
import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.SnapshotService;
import io.stillframe.model.Availability;
import io.stillframe.model.Placement;
import io.stillframe.model.Replica;
import io.stillframe.model.Replica.State;
import io.stillframe.model.Retention;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.store.FaultInjectingStore;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies from region to region: without the instance, after any crash, as often as it takes. */
class RegionCatchUpTest {
    @Test
    void aCopyIsAddedAndRemovedAgain() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot = taken(regions, service);
            assertThat(service.addCopy(snapshot.id(), "us").replica("us")).isPresent();
            Snapshot added = RegionLab.awaitWhole(service, snapshot.id());
            assertThat(added.completedAt())
                    .as("retention counts from the first completion")
                    .isEqualTo(snapshot.completedAt());
            regions.assertSame("eu", "us");
            assertThat(service.addCopy(snapshot.id(), "us")).isEqualTo(added);

            service.removeCopy(snapshot.id(), "eu");
            Snapshot left = service.await(snapshot.id(), s -> s.replica("eu").isEmpty(), Lab.LONG);
            assertThat(left.replicas()).extracting(Replica::region).containsExactly("us");
            assertThat(regions.objects("eu")).isEmpty();
            assertThatThrownBy(() -> service.removeCopy(snapshot.id(), "us"))
                    .hasMessageContaining("only complete one")
                    .satisfies(e -> assertThat(RegionLab.kindOf(e)).isEqualTo(Kind.CONFLICT));
            service.openDisk(snapshot.id(), "vda").close();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"NOT_FOUND", "CORRUPT"})
    void aFaultOfTheTargetCostsNoOtherCopyAnything(Kind kind) {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            SnapshotId id = regions.lab
                    .settled(service, service.create(Lab.request().withRegions("eu", "ap")))
                    .id();
            RegionLab.awaitWhole(service, id);
            List<ObjectStat> before =
                    regions.store("eu").list("", Optional.empty(), 100).items();

            regions.store("us").failBefore(Operation.BEGIN_UPLOAD, 1, kind);
            service.addCopy(id, "us");
            RegionLab.awaitWhole(service, id);
            // Begins when the work on the copies has ended.
            service.removeCopy(id, "us");
            service.await(id, s -> s.replica("us").isEmpty(), Lab.LONG);

            assertThat(RegionLab.copy(service.get(id), "eu").isComplete()).isTrue();
            assertThat(regions.store("eu").list("", Optional.empty(), 100).items())
                    .isEqualTo(before);
        }
    }

    @Test
    void aCopyNeedsNoHypervisorAndGoesOnInAnotherServiceAfterACrash() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService first = regions.service();
            Snapshot snapshot = taken(regions, first, "raw");
            first.close();

            CallGate gate = CallGate.crashBefore("putPart", 3);
            Map<String, ObjectStore> dying = new LinkedHashMap<>();
            regions.stores().forEach((name, store) -> dying.put(name, gate.around(store)));
            SnapshotService second = SnapshotService.builder()
                    .catalog(gate.around(regions.lab.catalog))
                    .region("eu", dying.get("eu"))
                    .region("us", dying.get("us"))
                    .settings(RegionLab.settings().build())
                    .clock(regions.lab.clock)
                    .build();
            regions.lab.add(second);
            second.addCopy(snapshot.id(), "us");
            await().atMost(Lab.LONG).until(gate::isDead);
            regions.lab.letLeasesRunOut();
            long sentBefore = regions.store("us").calls(Operation.PUT_PART);

            SnapshotService third = SnapshotService.builder()
                    .catalog(regions.lab.catalog)
                    .region("eu", regions.store("eu"))
                    .region("us", regions.store("us"))
                    .settings(RegionLab.settings().build())
                    .clock(regions.lab.clock)
                    .build();
            regions.lab.add(third);
            RegionLab.awaitWhole(third, snapshot.id());
            regions.assertSame("eu", "us");
            assertThat(regions.store("us").calls(Operation.PUT_PART) - sentBefore)
                    .as("parts sent after the crash")
                    .isLessThan((Lab.ROOT_SIZE + Lab.DATA_SIZE)
                            / RegionLab.settings().build().partSize());
        }
    }

    @Test
    void aSlowCopyGivesWayToADeletion() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot = taken(regions, service);
            FaultInjectingStore.Gate slow = regions.store("us").block(Operation.BEGIN_UPLOAD);
            service.addCopy(snapshot.id(), "us");
            slow.awaitArrival(Lab.LONG);
            Thread deleting = new Thread(() -> service.delete(snapshot.id()));
            deleting.start();
            slow.open();
            regions.awaitGone(snapshot.id());
        }
    }

    @Test
    void aChangedRetentionReachesEveryCopyAlsoOneThatWasAway() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot = regions.lab.settled(service, service.create(RegionLab.request()));
            regions.down("us");
            service.changeRetention(snapshot.id(), new Retention(3, Optional.of("trial")));
            assertThat(copy(service.get(snapshot.id()), "us").isComplete()).isFalse();
            regions.up("us");
            RegionLab.awaitWhole(service, snapshot.id());
            ObjectKey file = ObjectKey.of("snapshots/" + snapshot.id() + "/retention.json");
            assertThat(regions.objects("us").get(file))
                    .isEqualTo(regions.objects("eu").get(file))
                    .isNotNull();
        }
    }

    @Test
    void aSnapshotThatWaitsForItsCopiesCanBeCancelled() {
        try (RegionLab regions = new RegionLab()) {
            // All but the manifest gets there.
            regions.store("us").failAlways(Operation.PUT, Kind.TRANSIENT);
            SnapshotService service = regions.service();
            Snapshot created = service.create(
                    Lab.request().withPlacement(Placement.in("eu", "us").withAvailability(Availability.ALL)));
            service.await(
                    created.id(),
                    s -> copy(s, "eu").isComplete() && s.obligations().isEmpty(),
                    Lab.LONG);
            assertThat(service.cancel(created.id()).status()).isEqualTo(SnapshotStatus.CANCELLED);
            await().atMost(Lab.LONG).untilAsserted(() -> {
                assertThat(regions.objects("eu")).isEmpty();
                assertThat(regions.objects("us")).isEmpty();
            });
        }
    }

    @Test
    void cancellationDuringTheFanOutLeavesNothingAnywhere() {
        try (RegionLab regions = new RegionLab()) {
            FaultInjectingStore.Gate gate = regions.store("us").block(Operation.PUT_PART);
            SnapshotService service = regions.service(
                    RegionLab.settings().regionPatience(Lab.LONG).build());
            Snapshot created = service.create(RegionLab.request().withCodec("raw"));
            gate.awaitArrival(Lab.LONG);
            Thread cancelling = new Thread(() -> service.cancel(created.id()));
            cancelling.start();
            // It has asked for the end, and waits for that.
            await().until(() -> cancelling.getState() == Thread.State.TIMED_WAITING);
            gate.open();
            service.await(created.id(), s -> s.status() == SnapshotStatus.CANCELLED, Lab.LONG);
            await().atMost(Lab.LONG)
                    .untilAsserted(() -> RegionLab.REGIONS.forEach(
                            region -> assertThat(regions.objects(region)).isEmpty()));
        }
    }

    @Test
    void aDamagedSourceIsNotCopiedButMadeWhole() {
        try (RegionLab regions = new RegionLab()) {
            SnapshotService service = regions.service();
            Snapshot snapshot =
                    regions.lab.settled(service, service.create(Lab.request().withRegions("eu", "us")));
            ObjectKey root = ObjectKey.of(snapshot.disks().get(0).object().orElseThrow());
            regions.store("eu").corruptRead(root, 1000);
            service.addCopy(snapshot.id(), "ap");
            service.await(snapshot.id(), s -> copy(s, "ap").isComplete(), Lab.LONG);
            regions.store("eu").heal();
            RegionLab.awaitWhole(service, snapshot.id());
            regions.assertSame("us", "ap");
            regions.assertSame("us", "eu");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8, 13, 21})
    void whereverTheProcessDiesInAFanOutTheCopiesConverge(int call) {
        try (RegionLab regions = new RegionLab()) {
            CallGate gate =
                    new CallGate(CallGate.Fault.CRASH_AFTER, call * 3, () -> new IllegalStateException("not used"));
            Map<String, ObjectStore> dying = new LinkedHashMap<>();
            regions.stores().forEach((name, store) -> dying.put(name, gate.around(store)));
            SnapshotService first = SnapshotService.builder()
                    .hypervisor(regions.lab.host)
                    .catalog(gate.around(regions.lab.catalog))
                    .region("eu", dying.get("eu"))
                    .region("us", dying.get("us"))
                    .settings(RegionLab.settings().build())
                    .clock(regions.lab.clock)
                    .build();
            Snapshot created;
            try {
                created = first.create(Lab.request().withRegions("eu", "us"));
            } catch (Error | RuntimeException e) {
                closeDead(first);
                return;
            }
            // Threads of a process that is dead may end by it.
            await().dontCatchUncaughtExceptions()
                    .atMost(Lab.LONG)
                    .until(() -> gate.isDead()
                            || regions.lab
                                    .catalog
                                    .find(created.id())
                                    .filter(r -> r.snapshot().status().settled())
                                    .isPresent());
            closeDead(first);
            regions.lab.letLeasesRunOut();
            SnapshotService second = regions.service();
            second.recover(new Cancellation());
            Snapshot settled = second.await(
                    created.id(),
                    s -> s.status().settled()
                            && s.obligations().isEmpty()
                            && s.replicas().stream()
                                    .noneMatch(r -> r.state() == State.BEHIND || r.state() == State.TRANSFERRING),
                    Lab.LONG);
            if (settled.status() == SnapshotStatus.AVAILABLE) {
                assertThat(settled.replicas()).allMatch(Replica::isComplete);
                regions.assertSame("eu", "us");
            }
        }
    }

    /** Ends the threads of a process that is dead as far as its plugins can see. */
    private static void closeDead(SnapshotService service) {
        try {
            service.close();
        } catch (Error | RuntimeException e) {
            assertThat(e).isInstanceOfAny(CallGate.Crash.class, SnapshotException.class);
        }
    }

    private static Snapshot taken(RegionLab regions, SnapshotService service) {
        return taken(regions, service, "zstd");
    }

    private static Snapshot taken(RegionLab regions, SnapshotService service, String codec) {
        return regions.lab.settled(service, service.create(Lab.request().withCodec(codec)));
    }
}
