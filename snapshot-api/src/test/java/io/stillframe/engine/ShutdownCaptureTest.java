package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.hypervisor.ShutdownBehaviour;
import io.stillframe.hypervisor.SimulatedFault;
import io.stillframe.hypervisor.SimulatedOperation;
import io.stillframe.model.CaptureReport;
import io.stillframe.model.Consistency;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Downtime;
import io.stillframe.model.Obligation;
import io.stillframe.model.Phase;
import io.stillframe.model.Progress;
import io.stillframe.model.Replica;
import io.stillframe.model.ShutdownPolicy;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.PowerState;
import io.stillframe.store.FaultInjectingStore;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a shutdown capture does to the instance, and what it says about it. */
class ShutdownCaptureTest {
    /** For a guest that obeys, however slow this machine is. */
    private static final SnapshotRequest PATIENT =
            Lab.request().withShutdown(new ShutdownPolicy(Duration.ofSeconds(20), Duration.ofMillis(100)));

    @Test
    void aGuestThatObeysIsCapturedCleanAndRunsAgain() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot requested = service.create(Lab.request().withName("before upgrade"));
            Snapshot snapshot = lab.settled(service, requested);

            assertThat(requested.status()).isEqualTo(SnapshotStatus.CAPTURING);
            assertThat(requested.phase()).isEqualTo(Phase.REQUESTED);
            assertThat(snapshot.name()).isEqualTo("before upgrade");
            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(snapshot.phase()).isEqualTo(Phase.DONE);
            assertThat(report(snapshot).consistency()).isEqualTo(Consistency.GUEST_SHUTDOWN);
            assertThat(report(snapshot).shutdownEvents()).isEqualTo(1);
            assertThat(report(snapshot).guestReboots()).isZero();
            assertThat(report(snapshot).notes()).isEmpty();
            assertThat(report(snapshot).downtime().hold()).isPositive();
            assertThat(report(snapshot).downtime().start()).isPositive();
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            assertThat(lab.guest.bootCount()).isEqualTo(2);
            lab.assertNothingLeft(snapshot.id());
        }
    }

    @Test
    void anAvailableSnapshotCarriesItsFacts() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot =
                    lab.settled(service, service.create(Lab.request().withRetentionDays(3)));

            assertThat(snapshot.completedAt()).contains(lab.clock.instant());
            assertThat(snapshot.expiresAt()).contains(lab.clock.instant().plus(Duration.ofDays(3)));
            assertThat(snapshot.smallestRootDisk()).isEqualTo(Lab.ROOT_SIZE);
            assertThat(snapshot.disks()).extracting(DiskSnapshot::device).containsExactly("vda", "vdb");
            assertThat(snapshot.disks()).allSatisfy(disk -> {
                assertThat(disk.content()).isPresent();
                assertThat(disk.stored()).isPresent();
                assertThat(disk.bytesRead()).isPositive().isLessThan(disk.virtualSize());
                assertThat(disk.object()).contains("snapshots/" + snapshot.id() + "/" + disk.device() + ".raw.zst");
            });
            assertThat(snapshot.replicas()).singleElement().satisfies(replica -> {
                assertThat(replica.region()).isEqualTo("home");
                assertThat(replica.state()).isEqualTo(Replica.State.COMPLETE);
            });
            Progress progress = snapshot.progress();
            assertThat(progress.bytesRead()).isEqualTo(progress.bytesTotal()).isPositive();
            assertThat(progress.bytesStored()).isEqualTo(snapshot.bytesStored());
        }
    }

    @Test
    void eventsAreRepeatedUntilTheGuestListens() {
        try (Lab lab = new Lab(ShutdownBehaviour.obeysAfterEvents(3))) {
            Snapshot snapshot = take(lab, PATIENT);

            assertThat(report(snapshot).shutdownEvents()).isEqualTo(3);
            assertThat(report(snapshot).consistency()).isEqualTo(Consistency.GUEST_SHUTDOWN);
        }
    }

    @Test
    void aGuestThatIgnoresEventsIsStoppedHardWhenTheWindowEnds() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            Snapshot snapshot = take(lab);

            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(report(snapshot).consistency()).isEqualTo(Consistency.FORCED);
            assertThat(report(snapshot).shutdownEvents()).isPositive();
            assertThat(report(snapshot).downtime().guestStop()).isGreaterThanOrEqualTo(Duration.ofMillis(400));
            assertThat(report(snapshot).notes()).anyMatch(note -> note.contains("stopped hard"));
            assertThat(lab.guest.shutdownEvents()).isEqualTo(report(snapshot).shutdownEvents());
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
        }
    }

    @Test
    void aGuestThatRebootsItselfIsToldFromOneThatStopped() {
        try (Lab lab = new Lab(ShutdownBehaviour.rebootsThen(ShutdownBehaviour.obeys()))) {
            Snapshot snapshot = take(lab);

            assertThat(report(snapshot).guestReboots()).isEqualTo(1);
            assertThat(report(snapshot).shutdownEvents()).isEqualTo(2);
            assertThat(report(snapshot).consistency()).isEqualTo(Consistency.GUEST_SHUTDOWN);
        }
    }

    @Test
    void aGuestThatOnlyEverRebootsIsStoppedHard() {
        ShutdownBehaviour always =
                new ShutdownBehaviour.Reboots(1, new ShutdownBehaviour.Reboots(1, ShutdownBehaviour.ignores()));
        try (Lab lab = new Lab(always)) {
            Snapshot snapshot = take(lab);

            assertThat(report(snapshot).guestReboots()).isEqualTo(2);
            assertThat(report(snapshot).consistency()).isEqualTo(Consistency.FORCED);
        }
    }

    @Test
    void aCrashIsNeverCalledClean() {
        try (Lab lab = new Lab(ShutdownBehaviour.crashes())) {
            Snapshot snapshot = take(lab);

            assertThat(report(snapshot).consistency()).isEqualTo(Consistency.FORCED);
            assertThat(report(snapshot).notes()).anyMatch(note -> note.contains("crashed"));
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
        }
    }

    @Test
    void aStopBySomebodyElseIsNeverCalledClean() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            lab.host.faults().next(SimulatedOperation.REQUEST_SHUTDOWN, SimulatedFault.meanwhileAfter(lab.guest::stop));
            Snapshot snapshot = take(lab);

            assertThat(report(snapshot).consistency()).isEqualTo(Consistency.FORCED);
            assertThat(report(snapshot).notes()).anyMatch(note -> note.contains("somebody else"));
        }
    }

    @Test
    void anInstanceThatWasOffStaysOff() {
        try (Lab lab = Lab.running()) {
            lab.guest.shutDown();
            Snapshot snapshot = take(lab);

            assertThat(report(snapshot).consistency()).isEqualTo(Consistency.ALREADY_OFF);
            assertThat(report(snapshot).downtime()).isEqualTo(Downtime.none());
            assertThat(report(snapshot).shutdownEvents()).isZero();
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.OFF);
            lab.assertNothingLeft(snapshot.id());
        }
    }

    @Test
    void anInstanceThatAPersonStartsMeanwhileIsNotCalledOff() {
        try (Lab lab = Lab.running()) {
            lab.guest.shutDown();
            lab.host.faults().next(SimulatedOperation.BEGIN_CAPTURE, SimulatedFault.meanwhileBefore(lab.guest::start));
            Snapshot snapshot = take(lab);

            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(report(snapshot).consistency()).isEqualTo(Consistency.CRASH_CONSISTENT);
            assertThat(report(snapshot).notes()).anyMatch(note -> note.contains("somebody else"));
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
        }
    }

    @Test
    void theInstanceIsBackBeforeTheSnapshotIsQueued() {
        try (Lab lab = Lab.running()) {
            FaultInjectingStore.Gate gate = lab.store.block(FaultInjectingStore.Operation.PUT_PART);
            SnapshotService service = lab.service();
            Snapshot captured = service.await(service.create(Lab.request()).id(), SnapshotService.captured(), Lab.LONG);

            assertThat(captured.status()).isEqualTo(SnapshotStatus.QUEUED);
            assertThat(captured.obligations()).containsExactly(Obligation.RELEASE);
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            gate.open();
            assertThat(lab.settled(service, captured).status()).isEqualTo(SnapshotStatus.AVAILABLE);
        }
    }

    @Test
    void passingFaultsOfTheHypervisorAreSurvived() {
        try (Lab lab = new Lab(ShutdownBehaviour.obeysAfterEvents(2))) {
            lab.host
                    .faults()
                    .next(SimulatedOperation.REQUEST_SHUTDOWN, SimulatedFault.before(Kind.TRANSIENT))
                    .next(SimulatedOperation.BEGIN_CAPTURE, SimulatedFault.answerLost())
                    .next(SimulatedOperation.POWER_ON, SimulatedFault.before(Kind.TRANSIENT))
                    .nth(SimulatedOperation.POWER_ON, 2, SimulatedFault.before(Kind.PERMANENT))
                    .nth(SimulatedOperation.POWER_ON, 3, SimulatedFault.answerLost())
                    .next(SimulatedOperation.RELEASE_CAPTURE, SimulatedFault.before(Kind.TRANSIENT));
            Snapshot snapshot = take(lab, PATIENT);

            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(report(snapshot).notes()).anyMatch(note -> note.contains("powering the instance on failed"));
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            lab.assertNothingLeft(snapshot.id());
        }
    }

    @Test
    void anInstanceThatCannotBePoweredOnIsShownAsWhatItIsAndTriedAgain() {
        try (Lab lab = Lab.running()) {
            lab.host.faults().always(SimulatedOperation.POWER_ON, SimulatedFault.before(Kind.PERMANENT));
            SnapshotService service = lab.service();
            Snapshot created = service.create(Lab.request());
            service.await(created.id(), s -> s.phase() == Phase.RESUMING, Lab.LONG);

            Snapshot shown = service.get(created.id());
            assertThat(shown.status()).isEqualTo(SnapshotStatus.CAPTURING);
            assertThat(shown.obligations()).contains(Obligation.POWER_ON, Obligation.RELEASE);
            lab.host.faults().clear();
            assertThat(lab.settled(service, created).status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
        }
    }

    @Test
    void anInstanceThatVanishesLeavesNothingOwed() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            lab.host
                    .faults()
                    .nth(
                            SimulatedOperation.REQUEST_SHUTDOWN,
                            2,
                            SimulatedFault.meanwhileBefore(lab.guest::deleteWithDisks));
            Snapshot snapshot = take(lab);

            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(snapshot.failure().orElseThrow().kind()).isEqualTo(Kind.NOT_FOUND);
            lab.assertNothingLeft();
        }
    }

    @Test
    void aKilledHypervisorIsWaitedForAndTheInstanceComesBack() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            SnapshotService service = lab.service();
            Snapshot created = service.create(
                    Lab.request().withShutdown(new ShutdownPolicy(Duration.ofSeconds(20), Duration.ofMillis(100))));
            await().until(() -> lab.guest.shutdownEvents() >= 1);
            lab.host.kill();
            await().until(() -> service.get(created.id()).status() == SnapshotStatus.CAPTURING);
            lab.host.restart();
            Snapshot snapshot = lab.settled(service, created);

            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(report(snapshot).consistency()).isEqualTo(Consistency.FORCED);
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
        }
    }

    @Test
    void onlyTheNamedDisksAreTaken() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = lab.settled(
                    service, service.create(Lab.request().withDisks(DiskSelection.devices(List.of("vdb")))));

            assertThat(snapshot.disks()).extracting(DiskSnapshot::device).containsExactly("vdb");
            assertThat(snapshot.smallestRootDisk()).isZero();
        }
    }

    private static Snapshot take(Lab lab) {
        return take(lab, Lab.request());
    }

    private static Snapshot take(Lab lab, SnapshotRequest request) {
        SnapshotService service = lab.service();
        return lab.settled(service, service.create(request));
    }

    private static CaptureReport report(Snapshot snapshot) {
        return snapshot.capture().orElseThrow(() -> new AssertionError(snapshot.toString()));
    }
}
