package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.stillframe.SnapshotService;
import io.stillframe.hypervisor.AgentBehaviour;
import io.stillframe.hypervisor.ShutdownBehaviour;
import io.stillframe.hypervisor.SimulatedCall;
import io.stillframe.hypervisor.SimulatedFault;
import io.stillframe.hypervisor.SimulatedHypervisor;
import io.stillframe.hypervisor.SimulatedOperation;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.Consistency;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Keep;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.Placement;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.ServiceSettings.Dependents;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport;
import io.stillframe.model.SweepReport.Action;
import io.stillframe.model.VolumeCopy;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.VolumeSnapshot;
import io.stillframe.spi.VolumeSnapshots;
import io.stillframe.testing.CallPoint;
import io.stillframe.testing.CallPoints;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Snapshots that stay on the volumes of their instance's disks: taken, launched, refused, removed and swept. */
class VolumeSnapshotTest {
    @ParameterizedTest
    @EnumSource(CaptureMode.class)
    void aSnapshotOfVolumesStaysOnThemAndNoByteIsMoved(CaptureMode mode) {
        try (Lab lab = lab()) {
            SnapshotService service = lab.service();

            Snapshot snapshot = taken(lab, service, Lab.request().withCapture(mode));

            assertThat(snapshot.volumes().orElseThrow().isKept()).isTrue();
            assertThat(snapshot.completedAt())
                    .isEqualTo(snapshot.volumes().orElseThrow().completedAt());
            assertThat(snapshot.disks()).allSatisfy(disk -> {
                assertThat(disk.volume().orElseThrow()).contains(snapshot.id().value(), "/" + disk.device());
                assertThat(disk.object()).isEmpty();
            });
            assertThat(snapshot.replicas()).isEmpty();
            assertThat(snapshot.capture().orElseThrow().consistency())
                    .isEqualTo(mode == CaptureMode.LIVE ? Consistency.QUIESCED : Consistency.GUEST_SHUTDOWN);
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            assertThat(lab.guest.isFrozen()).isFalse();
            assertThat(lab.objects.list("", Optional.empty(), 10).items()).isEmpty();
            assertNothingRead(lab);
            lab.assertNothingLeft(snapshot.id());
            assertThat(keptOn(lab)).containsExactly(snapshot.id());
        }
    }

    @Test
    void aServiceNeedsNoStoreForIt() {
        try (Lab lab = lab()) {
            SnapshotService service = lab.add(SnapshotService.builder()
                    .hypervisor(lab.host)
                    .catalog(lab.catalog)
                    .settings(Lab.settings().build())
                    .clock(lab.clock)
                    .build());

            Snapshot snapshot = taken(lab, service, Lab.request());
            service.launch(LaunchRequest.of(snapshot.id(), "copy"));

            lab.host.guest("copy").delete();
            assertThat(service.scrub(snapshot.id(), new Cancellation()).items()).isEmpty();
            service.changeRetention(snapshot.id(), io.stillframe.model.Retention.ofDays(3));
            service.delete(snapshot.id());
            lab.assertNothingLeft();
        }
    }

    @Test
    void aLaunchIsACloneAndReadsNothing() {
        try (Lab lab = lab()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = taken(lab, service, Lab.request());

            LaunchedInstance copy =
                    service.launch(LaunchRequest.of(snapshot.id(), "copy").withDisks(DiskSelection.all()));

            assertNothingRead(lab);
            assertThat(dependents(lab)).hasSize(2);
            assertThat(copy.disks()).extracting(LaunchedInstance.Disk::device).containsExactly("vda", "vdb");
            assertThat(lab.host.guest("copy").state().power()).isEqualTo(PowerState.RUNNING);
            assertSameDisks(lab, "copy");
            assertThat(lab.host.unfinishedLaunches()).isZero();
            lab.assertNothingLeft(snapshot.id());
        }
    }

    @Test
    void aLaunchThatFailsLeavesNoClone() {
        try (Lab lab = lab()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = taken(lab, service, Lab.request());
            lab.host.faults().next(SimulatedOperation.COMPLETE_LAUNCH, SimulatedFault.before(Kind.PERMANENT));

            assertFails(Kind.PERMANENT, () -> service.launch(LaunchRequest.of(snapshot.id(), "copy")));

            assertThat(lab.host.unfinishedLaunches()).isZero();
            assertThat(dependents(lab)).isEmpty();
            service.delete(snapshot.id());
            lab.assertNothingLeft();
        }
    }

    @Test
    void itsDisksCanBeRead() {
        try (Lab lab = lab()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = taken(lab, service, Lab.request());
            for (DiskSnapshot disk : snapshot.disks()) {
                try (BlockSource kept = service.openDisk(snapshot.id(), disk.device());
                        BlockSource original = lab.guest.content(disk.device())) {
                    RegionLab.assertSameDisk(original, kept);
                }
            }
        }
    }

    @Test
    void whatIsNoVolumeIsStoredUnlessVolumesAreAskedFor() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();

            for (Keep wanted : List.of(Keep.VOLUMES, Keep.BOTH)) {
                assertThatExceptionOfType(SnapshotException.class)
                        .isThrownBy(() -> service.create(Lab.request().withKeep(wanted)))
                        .withMessageContaining("[vda, vdb]")
                        .matches(e -> e.kind() == Kind.UNSUPPORTED);
            }
            Snapshot stored = taken(lab, service, Lab.request());

            assertThat(stored.volumes()).isEmpty();
            assertThat(stored.replicas()).singleElement().matches(copy -> copy.isComplete());
            assertThat(lab.catalog.list(Optional.empty(), 10).items()).hasSize(1);
        }
    }

    @Test
    void volumesAreStoredIfStoresOrARegionAreAskedFor() {
        try (Lab lab = lab()) {
            SnapshotService service = lab.service();

            Snapshot stores = taken(lab, service, Lab.request().withKeep(Keep.STORES));
            Snapshot region = taken(lab, service, Lab.request().withRegions("home"));
            SnapshotService regular =
                    lab.service(Lab.settings().placement(Placement.in("home")).build());
            Snapshot usual = taken(lab, regular, Lab.request());

            for (Snapshot stored : List.of(stores, region, usual)) {
                assertThat(stored.volumes()).isEmpty();
                assertThat(stored.replica("home").orElseThrow().isComplete()).isTrue();
            }
            assertThat(keptOn(lab)).isEmpty();
            assertThatThrownBy(() -> Lab.request().withKeep(Keep.VOLUMES).withRegions("home"))
                    .hasMessageContaining("BOTH");
        }
    }

    @Test
    void aSnapshotThatClonesNeedIsNotDeletedAndSaysWho() {
        try (Lab lab = lab()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = taken(lab, service, Lab.request());
            LaunchedInstance copy = service.launch(LaunchRequest.of(snapshot.id(), "copy"));

            assertThatExceptionOfType(SnapshotException.class)
                    .isThrownBy(() -> service.delete(snapshot.id()))
                    .withMessageContaining(copy.disks().get(0).location())
                    .matches(e -> e.kind() == Kind.CONFLICT);

            assertThat(service.get(snapshot.id())).isEqualTo(snapshot);
            service.launch(LaunchRequest.of(snapshot.id(), "another"));
            lab.host.guest("copy").delete();
            lab.host.guest("another").delete();
            service.delete(snapshot.id());
            lab.assertNothingLeft();
        }
    }

    @Test
    void clonesAreFlattenedWhereThatIsThePolicy() {
        try (Lab lab = lab()) {
            SnapshotService service =
                    lab.service(Lab.settings().dependents(Dependents.FLATTEN).build());
            Snapshot snapshot = taken(lab, service, Lab.request());
            service.launch(LaunchRequest.of(snapshot.id(), "copy").withDisks(DiskSelection.all()));

            service.delete(snapshot.id());

            assertThat(lab.catalog.find(snapshot.id())).isEmpty();
            assertSameDisks(lab, "copy");
            lab.assertNothingLeft();
        }
    }

    @Test
    void anExpiredOneIsRemovedWhenItsLastCloneIsGone() {
        try (Lab lab = lab()) {
            SnapshotService service = lab.service(
                    Lab.settings().expiry(ServiceSettings.Expiry.TIMER).build());
            Snapshot snapshot = taken(lab, service, Lab.request().withRetentionDays(1));
            service.launch(LaunchRequest.of(snapshot.id(), "copy"));

            lab.clock.step(Duration.ofDays(1));
            service.changeRetention(
                    taken(lab, service, Lab.request().withName("wakes the timer"))
                            .id(),
                    io.stillframe.model.Retention.ofDays(2));

            Snapshot waiting = service.await(
                    snapshot.id(), s -> s.volumes().flatMap(VolumeCopy::failure).isPresent(), Lab.LONG);
            assertThat(waiting.status()).isEqualTo(SnapshotStatus.DELETING);
            assertThat(waiting.volumes().orElseThrow().state()).isEqualTo(VolumeCopy.State.DELETING);
            assertThat(waiting.volumes().orElseThrow().failure().orElseThrow()).contains("/simulated/");
            assertFails(Kind.CONFLICT, () -> service.launch(LaunchRequest.of(snapshot.id(), "late")));
            assertFails(Kind.CONFLICT, () -> service.delete(snapshot.id()));

            lab.host.guest("copy").delete();
            service.delete(snapshot.id());
            assertThat(lab.catalog.find(snapshot.id())).isEmpty();
        }
    }

    @Test
    void aSweepRemovesWhatNoRecordNames() {
        try (Lab lab = lab()) {
            SnapshotService service = lab.service();
            Snapshot kept = taken(lab, service, Lab.request());
            Snapshot stored = taken(lab, service, Lab.request().withKeep(Keep.STORES));
            SnapshotId unnamed = keepFor(lab, stored.id());
            SnapshotId unknown = keepFor(lab, SnapshotId.create(lab.clock.instant()));

            // A job lets go of its snapshot a moment after that is settled.
            await().untilAsserted(() -> assertThat(kinds(service.sweep(SweepMode.DRY_RUN, new Cancellation())))
                    .containsExactlyInAnyOrder(
                            tuple(unnamed + " on instance " + kept.instance().id(), Action.WOULD_REMOVE),
                            tuple(unknown + " on instance " + kept.instance().id(), Action.KEPT)));
            assertThat(keptOn(lab)).hasSize(3);
            service.sweep(SweepMode.REMOVE, new Cancellation());
            assertThat(keptOn(lab)).containsExactlyInAnyOrder(kept.id(), unknown);

            SnapshotService strict =
                    lab.service(Lab.settings().keptOrphanAge(Duration.ofDays(7)).build());
            strict.sweep(SweepMode.REMOVE, new Cancellation());
            assertThat(keptOn(lab)).hasSize(2);
            lab.clock.step(Duration.ofDays(7));
            strict.sweep(SweepMode.REMOVE, new Cancellation());

            assertThat(keptOn(lab)).containsExactly(kept.id());
            assertThat(service.get(kept.id())).isEqualTo(kept);
        }
    }

    @Test
    void aSweepLeavesAloneWhatARunningJobKeeps() {
        CallPoint kept = CallPoint.parse("AFTER capture: VolumeSnapshots.keep#1");
        paused(kept, (lab, service, id) -> {
            SnapshotService other = lab.service(Lab.settings()
                    .keptOrphanAge(Duration.ZERO)
                    .orphanAge(Duration.ZERO)
                    .build());
            assertThat(other.sweep(SweepMode.REMOVE, new Cancellation()).items())
                    .isEmpty();
            assertThat(keptOn(lab)).containsExactly(id);
        });
    }

    @Test
    void recoveryFinishesWhatWasKeptAndNotNoted() {
        try (Lab lab = lab()) {
            SnapshotId id = keptByADeadProcess(lab);

            SnapshotService other = lab.service();
            other.recover(new Cancellation());

            assertThat(other.get(id).status()).isEqualTo(SnapshotStatus.AVAILABLE);
            lab.assertNothingLeft(id);
        }
    }

    @Test
    void whereInterruptedWorkFailsWhatWasKeptIsRemoved() {
        try (Lab lab = lab()) {
            SnapshotId id = keptByADeadProcess(lab);

            SnapshotService other = lab.service(
                    Lab.settings().interrupted(ServiceSettings.Interrupted.FAIL).build());
            other.recover(new Cancellation());

            assertThat(other.get(id).status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(other.get(id).volumes().orElseThrow().state()).isEqualTo(VolumeCopy.State.FAILED);
            lab.awaitNothingLeft();
        }
    }

    @Test
    void aCancelledOneIsUndone() {
        paused(CallPoint.parse("BEFORE capture: VolumeSnapshots.keep#1"), (lab, service, id) -> {
            assertThat(service.get(id).status()).isEqualTo(SnapshotStatus.QUEUED);
            CompletableFuture<Snapshot> cancelled = CompletableFuture.supplyAsync(() -> service.cancel(id));
            await().until(() -> !cancelled.isDone());
        });
    }

    @Test
    void anotherServiceCannotDeleteItWithoutItsHost() {
        try (Lab lab = lab();
                SimulatedHypervisor elsewhere = SimulatedHypervisor.builder()
                        .uri("simulated:///elsewhere")
                        .build()) {
            Snapshot snapshot = taken(lab, lab.service(), Lab.request());
            SnapshotService other = lab.service(Lab.settings().build(), elsewhere, lab.store, lab.catalog);

            assertFails(Kind.UNSUPPORTED, () -> other.delete(snapshot.id()));
            assertFails(Kind.UNSUPPORTED, () -> other.launch(LaunchRequest.of(snapshot.id(), "copy")));

            lab.service().delete(snapshot.id());
            lab.assertNothingLeft();
        }
    }

    // ---- what the tests share ----

    @FunctionalInterface
    private interface Pause {
        void at(Lab lab, SnapshotService service, SnapshotId id);
    }

    /** Takes a snapshot and does something while it waits at a point; then it goes on. */
    private static void paused(CallPoint at, Pause pause) {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Consumer<CallPoint> visitor = point -> {
            if (point.equals(at)) {
                reached.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        };
        CallPoints points = new CallPoints(visitor);
        try (Lab lab = lab()) {
            SnapshotService service =
                    lab.service(Lab.settings().build(), points.around(lab.host.connect()), lab.store, lab.catalog);
            SnapshotId id = service.create(Lab.request()).id();
            try {
                await().atMost(Lab.LONG).until(() -> reached.getCount() == 0);
                pause.at(lab, service, id);
            } finally {
                goOn.countDown();
            }
            Snapshot settled = service.await(id, SnapshotService.settled(), Lab.LONG);
            lab.awaitNothingLeft(
                    settled.status() == SnapshotStatus.AVAILABLE ? new SnapshotId[] {id} : new SnapshotId[0]);
        }
    }

    static Lab lab() {
        Lab lab = Lab.onVolumes(ShutdownBehaviour.obeys());
        lab.guest.agent(AgentBehaviour.ANSWERS);
        return lab;
    }

    /** What it keeps is on the volumes, and the record does not say so yet. */
    private static SnapshotId keptByADeadProcess(Lab lab) {
        CallGate gate = CallGate.crashBefore("ownTime", 1);
        SnapshotService dead = lab.service(
                Lab.settings().leaseTtl(Duration.ofHours(1)).build(),
                lab.host.connect(),
                lab.store,
                gate.around(lab.catalog));
        SnapshotId id = dead.create(Lab.request()).id();
        await().atMost(Lab.LONG).until(gate::isDead);
        assertThat(keptOn(lab)).containsExactly(id);
        dead.close();
        lab.letLeasesRunOut();
        return id;
    }

    static Snapshot taken(Lab lab, SnapshotService service, SnapshotRequest request) {
        Snapshot settled = lab.settled(service, service.create(request));
        assertThat(settled.failure()).isEmpty();
        assertThat(settled.status()).isEqualTo(SnapshotStatus.AVAILABLE);
        return settled;
    }

    static List<SnapshotId> keptOn(Lab lab) {
        return volumes(lab).listKept().stream().map(VolumeSnapshot::snapshot).toList();
    }

    private static VolumeSnapshots volumes(Lab lab) {
        return lab.host.volumes().orElseThrow();
    }

    private static List<VolumeSnapshots.Dependent> dependents(Lab lab) {
        return volumes(lab).listKept().stream()
                .flatMap(kept -> volumes(lab).dependents(kept).stream())
                .toList();
    }

    /** As another program, or a record that was lost, would leave it. */
    private static SnapshotId keepFor(Lab lab, SnapshotId id) {
        var plan = lab.host.capture().plan(id, lab.guest.state(), DiskSelection.all());
        lab.host.capture().begin(plan);
        return volumes(lab).keep(plan).snapshot();
    }

    private static List<org.assertj.core.groups.Tuple> kinds(SweepReport report) {
        assertThat(report.items()).extracting(SweepReport.Item::kind).containsOnly(SweepReport.Kind.KEPT_ON_VOLUMES);
        return report.items().stream()
                .map(item -> tuple(item.subject(), item.action()))
                .toList();
    }

    private static void assertNothingRead(Lab lab) {
        assertThat(lab.host.calls())
                .extracting(SimulatedCall::operation)
                .doesNotContain(
                        SimulatedOperation.OPEN_CAPTURE,
                        SimulatedOperation.OPEN_VOLUMES,
                        SimulatedOperation.CREATE_DISK);
    }

    private static void assertSameDisks(Lab lab, String copy) {
        for (String device : List.of("vda", "vdb")) {
            try (BlockSource original = lab.guest.content(device);
                    BlockSource cloned = lab.host.guest(copy).content(device)) {
                RegionLab.assertSameDisk(original, cloned);
            }
        }
    }

    private static void assertFails(Kind kind, Runnable call) {
        assertThatExceptionOfType(SnapshotException.class).isThrownBy(call::run).matches(e -> e.kind() == kind);
    }
}
