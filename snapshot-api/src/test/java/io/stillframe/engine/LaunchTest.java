package io.stillframe.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.SnapshotService;
import io.stillframe.engine.CallGate.Fault;
import io.stillframe.hypervisor.SimulatedFault;
import io.stillframe.hypervisor.SimulatedOperation;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.LaunchListener;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.Progress;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PowerState;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** From an available snapshot to a new instance. */
class LaunchTest {
    @Test
    void aNewInstanceHasTheRootDiskAndRuns() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = available(lab, service);
            List<Progress> heard = new ArrayList<>();
            LaunchedInstance launched = service.launch(
                    LaunchRequest.of(snapshot.id(), "copy"),
                    (device, progress) -> heard.add(progress),
                    new Cancellation());

            assertThat(launched.name()).isEqualTo("copy");
            assertThat(launched.id()).isNotEqualTo(lab.guest.id());
            assertThat(launched.disks())
                    .extracting(LaunchedInstance.Disk::device)
                    .containsExactly("vda");
            assertThat(lab.host.guest("copy").state().power()).isEqualTo(PowerState.RUNNING);
            assertSameRoot(lab, Lab.ROOT_SIZE);
            assertThat(heard).isNotEmpty();
            assertThat(lab.guest.bootCount()).isEqualTo(2);
            assertNoLaunchLeft(lab, service);
        }
    }

    @Test
    void allDisksAndALargerRootDisk() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = available(lab, service);
            service.launch(LaunchRequest.of(snapshot.id(), "copy")
                    .withDisks(DiskSelection.all())
                    .withRootDiskSize(2L * Lab.ROOT_SIZE)
                    .withStart(LaunchRequest.Start.DEFINED_ONLY));

            assertSameRoot(lab, 2L * Lab.ROOT_SIZE);
            assertThat(lab.host.guest("copy").state().power()).isEqualTo(PowerState.OFF);
            assertThat(lab.host.guest("copy").state().disks()).hasSize(2);
        }
    }

    @Test
    void aSmallerDiskIsRefusedNamingBothSizesAndTheRemedy() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = available(lab, service);
            assertThatThrownBy(() -> service.launch(
                            LaunchRequest.of(snapshot.id(), "copy").withRootDiskSize(4 << 20)))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.INVALID))
                    .hasMessageContaining("4194304 bytes (4 MiB)")
                    .hasMessageContaining("5242880 bytes (5 MiB)")
                    .hasMessageContaining("at least");
            assertNoLaunchLeft(lab, service);
        }
    }

    @Test
    void aTakenNameIsRefused() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = available(lab, service);
            refused(() -> service.launch(LaunchRequest.of(snapshot.id(), Lab.INSTANCE)), Kind.CONFLICT);
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
        }
    }

    @Test
    void aSnapshotThatIsNotAvailableIsRefused() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            lab.store.failAlways(Operation.PUT, Kind.PERMANENT);
            Snapshot failed = lab.settled(service, service.create(Lab.request()));
            refused(() -> service.launch(LaunchRequest.of(failed.id(), "copy")), Kind.CONFLICT);
            refused(() -> service.openDisk(failed.id(), "vda"), Kind.CONFLICT);
        }
    }

    @Test
    void anExpiredSnapshotIsRefusedFromThatInstantOn() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot =
                    lab.settled(service, service.create(Lab.request().withRetentionDays(1)));
            lab.clock.step(Duration.ofDays(1).minusNanos(1));
            service.openDisk(snapshot.id(), "vda").close();
            lab.clock.step(Duration.ofNanos(1));
            refused(() -> service.openDisk(snapshot.id(), "vda"), Kind.NOT_FOUND);
            refused(() -> service.launch(LaunchRequest.of(snapshot.id(), "copy")), Kind.NOT_FOUND);
        }
    }

    @Test
    void storedBytesThatRottedAreNeverLaunched() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot =
                    lab.settled(service, service.create(Lab.request().withCodec("raw")));
            lab.store.corruptRead(ObjectKey.of(snapshot.disks().get(0).object().orElseThrow()), 2 << 20);
            refused(() -> service.launch(LaunchRequest.of(snapshot.id(), "copy")), Kind.CORRUPT);
            assertThat(lab.host.instances()).containsExactly(Lab.INSTANCE);
            assertNoLaunchLeft(lab, service);
        }
    }

    @Test
    void aCancelledLaunchLeavesNothing() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = available(lab, service);
            Cancellation cancellation = new Cancellation();
            lab.host
                    .faults()
                    .next(
                            SimulatedOperation.CREATE_DISK,
                            SimulatedFault.meanwhileAfter(() -> cancellation.cancel("changed my mind")));
            refused(
                    () -> service.launch(LaunchRequest.of(snapshot.id(), "copy"), LaunchListener.none(), cancellation),
                    Kind.CANCELLED);
            assertThat(lab.host.instances()).containsExactly(Lab.INSTANCE);
            assertNoLaunchLeft(lab, service);
        }
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void whateverCallFailsTheInstanceIsThereWholeOrNotAtAll(Fault fault) {
        boolean reached = true;
        for (int call = 1; reached; call++) {
            // A call that had its effect and fails all the same may only say that it does not know.
            Kind kind = fault == Fault.FAIL_AFTER ? Kind.OUTCOME_UNKNOWN : Kind.PERMANENT;
            CallGate gate = new CallGate(fault, call, () -> new SnapshotException(kind, "injected"));
            try (Lab lab = Lab.running()) {
                Snapshot snapshot = available(lab, lab.service());
                reached = launchThrough(gate, lab, snapshot, fault + " at call " + call);
            }
        }
    }

    private static boolean launchThrough(CallGate gate, Lab lab, Snapshot snapshot, String what) {
        SnapshotService first = lab.service(
                Lab.settings().leaseTtl(Duration.ofHours(1)).build(),
                gate.around(lab.host.connect()),
                gate.around(lab.store),
                gate.around(lab.catalog));
        boolean launched;
        try {
            first.launch(LaunchRequest.of(snapshot.id(), "copy"));
            launched = true;
        } catch (SnapshotException | CallGate.Crash e) {
            launched = false;
        }
        boolean dead = gate.isDead();
        gate.kill();
        first.close();
        lab.letLeasesRunOut();
        SnapshotService second = lab.service();
        RecoveryReport report = second.recover(new Cancellation());

        assertThat(report.with(RecoveryReport.Outcome.STILL_OWED))
                .as("%s: %s", what, report)
                .isEmpty();
        assertNoLaunchLeft(lab, second);
        boolean exists = lab.host.instances().contains("copy");
        if (launched) {
            assertThat(exists).as(what).isTrue();
        } else if (!dead) {
            assertThat(exists).as(what).isFalse();
        }
        if (exists) {
            assertSameRoot(lab, Lab.ROOT_SIZE);
            assertThat(lab.host.guest("copy").state().power()).as(what).isEqualTo(PowerState.RUNNING);
        }
        return !gate.hit().isEmpty();
    }

    private static Snapshot available(Lab lab, SnapshotService service) {
        return lab.settled(service, service.create(Lab.request()));
    }

    private static void refused(Runnable call, Kind kind) {
        assertThatThrownBy(call::run)
                .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(kind));
    }

    private static void assertNoLaunchLeft(Lab lab, SnapshotService service) {
        assertThat(lab.host.unfinishedLaunches()).isZero();
        assertThat(lab.catalog.list(Optional.empty(), 100).items()).hasSize(1);
        assertThat(service.list(Optional.empty(), 100).items()).hasSize(1);
    }

    private static void assertSameRoot(Lab lab, long size) {
        try (BlockSource original = lab.guest.content("vda");
                BlockSource copy = lab.host.guest("copy").content("vda")) {
            assertThat(copy.size()).isEqualTo(size);
            ByteBuffer expected = ByteBuffer.allocate((int) size);
            original.read(0, expected.slice(0, Lab.ROOT_SIZE));
            ByteBuffer actual = ByteBuffer.allocate((int) size);
            copy.read(0, actual);
            assertThat(actual.array()).isEqualTo(expected.array());
        }
    }
}
