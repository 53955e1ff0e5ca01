package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.SnapshotService;
import io.stillframe.hypervisor.ShutdownBehaviour;
import io.stillframe.hypervisor.SimulatedFault;
import io.stillframe.hypervisor.SimulatedOperation;
import io.stillframe.model.Obligation;
import io.stillframe.model.Phase;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.ShutdownPolicy;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.PowerState;
import io.stillframe.store.FaultInjectingStore;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Cancelling, deleting and closing, in every phase. */
class EndingTest {
    private static final SnapshotRequest LONG_WINDOW =
            Lab.request().withShutdown(new ShutdownPolicy(Duration.ofSeconds(25), Duration.ofMillis(100)));

    @Test
    void cancelWhileTheGuestIsAskedToStopLeavesItRunning() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            SnapshotService service = lab.service();
            SnapshotId id = service.create(LONG_WINDOW).id();
            await().until(() -> lab.guest.shutdownEvents() >= 1);
            Snapshot cancelled = service.cancel(id);

            assertThat(cancelled.status()).isEqualTo(SnapshotStatus.CANCELLED);
            assertThat(cancelled.failure()).isEmpty();
            service.await(id, SnapshotService.settled(), Lab.LONG);
            assertThat(lab.guest.bootCount()).isEqualTo(1);
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            lab.awaitNothingLeft();
        }
    }

    @Test
    void aGuestThatObeysAfterTheCancelIsPoweredOnAgain() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            SnapshotService service =
                    lab.service(Lab.settings().stopGrace(Duration.ofSeconds(20)).build());
            SnapshotId id = service.create(LONG_WINDOW).id();
            await().until(() -> lab.guest.shutdownEvents() >= 1);
            Snapshot cancelled = service.cancel(id);
            assertThat(cancelled.obligations()).containsExactly(Obligation.POWER_ON);
            lab.guest.shutDown();
            service.await(id, SnapshotService.settled(), Lab.LONG);

            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            assertThat(lab.guest.bootCount()).isEqualTo(2);
        }
    }

    @Test
    void cancelWhileTransferringUndoesEverything() {
        try (Lab lab = Lab.running()) {
            FaultInjectingStore.Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService service = lab.service();
            SnapshotId id = service.create(Lab.request()).id();
            service.await(id, s -> s.phase() == Phase.TRANSFERRING, Lab.LONG);
            gate.open();
            Snapshot cancelled = service.cancel(id);

            assertThat(cancelled.status()).isIn(SnapshotStatus.CANCELLED, SnapshotStatus.AVAILABLE);
            if (cancelled.status() == SnapshotStatus.CANCELLED) {
                lab.awaitNothingLeft();
            }
        }
    }

    @Test
    void cancelWhileWaitingForAPlaceIsPrompt() {
        try (Lab lab = Lab.running()) {
            lab.host.add(Lab.instance("other").running().build());
            FaultInjectingStore.Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService service =
                    lab.service(Lab.settings().transfersAtOnce(1).build());
            SnapshotId first = service.create(Lab.request()).id();
            service.await(first, s -> s.phase() == Phase.TRANSFERRING, Lab.LONG);
            SnapshotId second = service.create(SnapshotRequest.of("other").withCodec("zstd"))
                    .id();
            service.await(second, s -> s.phase() == Phase.WAITING, Lab.LONG);

            assertThat(service.cancel(second).status()).isEqualTo(SnapshotStatus.CANCELLED);
            gate.open();
            service.await(first, SnapshotService.settled(), Lab.LONG);
            service.await(second, SnapshotService.settled(), Lab.LONG);
            lab.awaitNothingLeft(first);
        }
    }

    @Test
    void cancelOfASettledSnapshotChangesNothing() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = lab.settled(service, service.create(Lab.request()));
            assertThat(service.cancel(snapshot.id())).isEqualTo(snapshot);
        }
    }

    @Test
    void anAvailableSnapshotIsRemovedWhole() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = lab.settled(service, service.create(Lab.request()));
            service.delete(snapshot.id());

            assertThatThrownBy(() -> service.get(snapshot.id()))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.NOT_FOUND));
            lab.assertNothingLeft();
        }
    }

    @Test
    void aSnapshotThatIsBeingTakenIsRemovedAndItsInstanceRuns() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            SnapshotService service = lab.service();
            SnapshotId id = service.create(LONG_WINDOW).id();
            await().until(() -> lab.guest.shutdownEvents() >= 1);
            service.delete(id);

            assertThat(lab.catalog.find(id)).isEmpty();
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            lab.assertNothingLeft();
        }
    }

    @Test
    void aRemovalThatTheStoreRefusesIsFinishedLater() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            Snapshot snapshot = lab.settled(service, service.create(Lab.request()));
            lab.store.failAlways(Operation.DELETE, Kind.TRANSIENT);
            assertThatThrownBy(() -> service.delete(snapshot.id()))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.TRANSIENT));
            assertThat(service.get(snapshot.id()).status()).isEqualTo(SnapshotStatus.DELETING);
            lab.store.heal();
            RecoveryReport report = service.recover(new Cancellation());

            assertThat(report.with(RecoveryReport.Outcome.DELETED)).containsExactly(snapshot.id());
            lab.assertNothingLeft();
        }
    }

    @Test
    void aFailedSnapshotWhoseStoreWasAwayIsCleanedWhenItIsBack() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            lab.store.failAlways(Operation.COMPLETE, Kind.PERMANENT);
            lab.store.failAlways(Operation.DELETE, Kind.PERMANENT);
            Snapshot failed = lab.settled(service, service.create(Lab.request()));
            assertThat(failed.status()).isEqualTo(SnapshotStatus.FAILED);
            lab.store.heal();
            lab.awaitNothingLeft();
        }
    }

    @Test
    void closingWhileTheGuestIsAskedToStopLeavesItRunning() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            SnapshotService service = lab.service();
            SnapshotId id = service.create(LONG_WINDOW).id();
            await().until(() -> lab.guest.shutdownEvents() >= 1);
            service.close();

            Snapshot snapshot = lab.catalog.find(id).orElseThrow().snapshot();
            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(snapshot.failure().orElseThrow().reason()).contains("closed");
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            lab.assertNothingLeft();
        }
    }

    @Test
    void closingWhileTransferringReleasesThePointInTime() {
        try (Lab lab = Lab.running()) {
            FaultInjectingStore.Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService service = lab.service();
            SnapshotId id = service.create(Lab.request()).id();
            service.await(id, s -> s.phase() == Phase.TRANSFERRING, Lab.LONG);
            Thread closing = new Thread(service::close);
            closing.start();
            await().until(() -> lab.catalog.find(id).orElseThrow().snapshot().status() == SnapshotStatus.FAILED);
            gate.open();
            await().until(() -> !closing.isAlive());

            assertThat(lab.catalog
                            .find(id)
                            .orElseThrow()
                            .snapshot()
                            .failure()
                            .orElseThrow()
                            .reason())
                    .contains("closed");
            lab.assertNothingLeft();
        }
    }

    @Test
    void whatClosingCannotDoStaysWrittenForRecovery() {
        try (Lab lab = Lab.running()) {
            lab.host.faults().always(SimulatedOperation.POWER_ON, SimulatedFault.before(Kind.PERMANENT));
            SnapshotService service = lab.service();
            SnapshotId id = service.create(Lab.request()).id();
            service.await(id, s -> s.phase() == Phase.RESUMING, Lab.LONG);
            service.close();

            Snapshot left = lab.catalog.find(id).orElseThrow().snapshot();
            assertThat(left.status()).isEqualTo(SnapshotStatus.FAILED);
            assertThat(left.obligations()).contains(Obligation.POWER_ON);
            lab.host.faults().clear();
            RecoveryReport report = lab.service().recover(new Cancellation());

            assertThat(report.with(RecoveryReport.Outcome.DISCHARGED)).containsExactly(id);
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            lab.assertNothingLeft();
        }
    }

    @Test
    void closingEndsEveryThread() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            lab.settled(service, service.create(Lab.request()));
            Set<String> before = stillframeThreads();
            assertThat(before).isNotEmpty();
            service.close();

            await().until(() -> stillframeThreads().isEmpty());
            assertThatThrownBy(() -> service.create(Lab.request()))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.CONFLICT));
        }
    }

    @Test
    void handedOverSnapshotsAreResumedByAnother() {
        try (Lab lab = Lab.running()) {
            SnapshotService first = lab.service(Lab.settings()
                    .afterCapture(ServiceSettings.AfterCapture.HAND_OVER)
                    .build());
            SnapshotId id = first.create(Lab.request()).id();
            await().until(() ->
                    !lab.catalog.find(id).orElseThrow().snapshot().status().equals(SnapshotStatus.CAPTURING));
            first.close();
            SnapshotService second = lab.service();
            assertThat(second.get(id).status()).isEqualTo(SnapshotStatus.QUEUED);
            second.resume(id);

            assertThat(second.await(id, SnapshotService.settled(), Lab.LONG).status())
                    .isEqualTo(SnapshotStatus.AVAILABLE);
            lab.assertNothingLeft(id);
            assertThatThrownBy(() -> second.resume(id))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.CONFLICT));
        }
    }

    private static Set<String> stillframeThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("stillframe-"))
                .collect(Collectors.toSet());
    }

    @Test
    void anUnknownSnapshotIsNotFound() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            SnapshotId unknown = SnapshotId.create(lab.clock.instant());
            for (Runnable call : new Runnable[] {
                () -> service.get(unknown),
                () -> service.cancel(unknown),
                () -> service.delete(unknown),
                () -> service.resume(unknown),
                () -> service.openDisk(unknown, "vda"),
                () -> service.watch(unknown, s -> {})
            }) {
                assertThatThrownBy(call::run)
                        .satisfies(
                                e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.NOT_FOUND));
            }
            assertThat(service.list(Optional.empty(), 10).items()).isEmpty();
        }
    }
}
