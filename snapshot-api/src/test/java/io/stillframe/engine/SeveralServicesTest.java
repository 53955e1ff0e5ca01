package io.stillframe.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.hypervisor.ShutdownBehaviour;
import io.stillframe.hypervisor.SimulatedOperation;
import io.stillframe.model.Phase;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.ShutdownPolicy;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.Subscription;
import io.stillframe.store.FaultInjectingStore;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Several services on one catalog: they see each other's work, ask each other to end, and never both touch one snapshot. */
class SeveralServicesTest {
    /** Found by the model: it took the last shutdown event for hours old, and the guest that obeyed it a moment later stayed off. */
    @Test
    void aGuestThatADeadServiceAskedToStopIsWatchedWhateverTheSuccessorsClockSays() {
        try (Lab lab = new Lab(ShutdownBehaviour.obeysAfter(Duration.ofSeconds(4)))) {
            CallGate death = new CallGate(
                    CallGate.Fault.CRASH_BEFORE, Integer.MAX_VALUE, () -> new IllegalStateException("not thrown"));
            lab.service(Lab.settings().build(), death.around(lab.host), lab.store, death.around(lab.catalog))
                    .create(Lab.request()
                            .withShutdown(new ShutdownPolicy(Duration.ofSeconds(30), Duration.ofSeconds(30))));
            await().until(() -> lab.guest.shutdownEvents() == 1);
            death.kill();
            lab.letLeasesRunOut();
            SnapshotService successor = lab.add(SnapshotService.builder()
                    .hypervisor(lab.host)
                    .store(lab.store)
                    .catalog(lab.catalog)
                    .settings(Lab.settings().stopGrace(Lab.LONG).build())
                    .clock(Clock.offset(lab.clock, Duration.ofHours(10)))
                    .build());
            successor.recover(new Cancellation());
            await().untilAsserted(() -> {
                assertThat(lab.guest.bootCount()).as("it was off in between").isEqualTo(2);
                assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            });
            lab.awaitNothingLeft();
        }
    }

    private static final Duration SHORT_LEASE = Duration.ofSeconds(1);

    @Test
    void anotherServiceSeesCancelsAndDeletesWhatIsBeingTaken() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            SnapshotService worker =
                    lab.service(Lab.settings().leaseTtl(SHORT_LEASE).build());
            SnapshotService other = lab.service();
            SnapshotId id = worker.create(Lab.request()
                            .withShutdown(new ShutdownPolicy(Duration.ofSeconds(25), Duration.ofMillis(100))))
                    .id();
            other.await(id, s -> s.phase() == Phase.STOPPING, Lab.LONG);
            assertThatThrownBy(() -> other.resume(id))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.CONFLICT));

            assertThat(other.cancel(id).status()).isEqualTo(SnapshotStatus.CANCELLED);
            other.delete(id);
            assertThat(lab.catalog.find(id)).isEmpty();
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.RUNNING);
            lab.assertNothingLeft();
        }
    }

    @Test
    void recoveryLeavesLivingOwnersAlone() {
        try (Lab lab = Lab.running()) {
            FaultInjectingStore.Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService worker = lab.service();
            SnapshotId id = worker.create(Lab.request()).id();
            worker.await(id, s -> s.phase() == Phase.TRANSFERRING, Lab.LONG);

            assertThat(lab.service().recover(new Cancellation()).items()).isEmpty();
            gate.open();
            assertThat(worker.await(id, SnapshotService.settled(), Lab.LONG).status())
                    .isEqualTo(SnapshotStatus.AVAILABLE);
        }
    }

    /** Recovering right after a kill must not pass by the instance because the dead process's lease has not ended yet. */
    @Test
    void recoveryOutlastsTheLeaseOfAProcessThatWasJustKilled() {
        try (Lab lab = Lab.running()) {
            CallGate gate = new CallGate(
                    CallGate.Fault.CRASH_BEFORE, Integer.MAX_VALUE, () -> new IllegalStateException("not thrown"));
            FaultInjectingStore.Gate transfer = lab.store.block(Operation.PUT_PART);
            MemoryCatalog catalog = MemoryCatalog.create(Clock.systemUTC());
            ServiceSettings settings = Lab.settings().leaseTtl(SHORT_LEASE).build();
            SnapshotService killed = lab.service(settings, lab.host, lab.store, gate.around(catalog));
            SnapshotService other = lab.service(settings, lab.host, lab.store, catalog);
            SnapshotId id = killed.create(Lab.request()).id();
            other.await(id, s -> s.phase() == Phase.TRANSFERRING, Lab.LONG);
            gate.kill();

            RecoveryReport report = other.recover(new Cancellation());

            assertThat(report.items()).extracting(RecoveryReport.Item::snapshot).containsExactly(id);
            transfer.open();
        }
    }

    @Test
    void aServiceWhoseLeaseWasTakenTouchesNothingMore() {
        try (Lab lab = new Lab(ShutdownBehaviour.ignores())) {
            SnapshotService fenced =
                    lab.service(Lab.settings().leaseTtl(SHORT_LEASE).build());
            SnapshotId id = fenced.create(Lab.request()
                            .withShutdown(new ShutdownPolicy(Duration.ofSeconds(25), Duration.ofMillis(100))))
                    .id();
            await().until(() -> lab.guest.shutdownEvents() >= 1);
            lab.letLeasesRunOut();
            SnapshotService successor = lab.service();
            successor.recover(new Cancellation());

            Snapshot snapshot = successor.await(id, SnapshotService.settled(), Lab.LONG);
            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.FAILED);
            long forced = lab.host.faults().count(SimulatedOperation.FORCE_OFF);
            fenced.close();
            assertThat(lab.host.faults().count(SimulatedOperation.FORCE_OFF))
                    .isEqualTo(forced)
                    .isZero();
            assertThat(lab.guest.bootCount()).isEqualTo(1);
            assertThat(successor.get(id)).isEqualTo(snapshot);
        }
    }

    @Test
    void watchersHearOfOthersWorkAndTheLastStateAlwaysComes() {
        try (Lab lab = Lab.running()) {
            SnapshotService worker = lab.service();
            SnapshotService other = lab.service();
            SnapshotId id = worker.create(Lab.request()).id();
            List<SnapshotStatus> own = new CopyOnWriteArrayList<>();
            List<SnapshotStatus> foreign = new CopyOnWriteArrayList<>();
            worker.watch(id, s -> own.add(s.status()));
            other.watch(id, s -> foreign.add(s.status()));

            await().until(() -> own.contains(SnapshotStatus.AVAILABLE) && foreign.contains(SnapshotStatus.AVAILABLE));
            assertThat(own).isSorted();
            assertThat(foreign).isSorted();
        }
    }

    @Test
    void aListenerThatBlocksOrThrowsHoldsNothingUp() {
        try (Lab lab = Lab.running()) {
            SnapshotService service = lab.service();
            CountDownLatch stuck = new CountDownLatch(1);
            Snapshot created = service.create(Lab.request());
            try (Subscription blocking = service.watch(created.id(), s -> awaitLatch(stuck));
                    Subscription throwing = service.watch(created.id(), s -> {
                        throw new IllegalStateException("a listener's own fault");
                    })) {
                assertThat(blocking).isNotSameAs(throwing);
                assertThat(lab.settled(service, created).status()).isEqualTo(SnapshotStatus.AVAILABLE);
            } finally {
                stuck.countDown();
            }
        }
    }

    @Test
    void awaitingGivesUpAtItsDeadlineAndSaysWhatWasGoingOn() {
        try (Lab lab = Lab.running()) {
            FaultInjectingStore.Gate gate = lab.store.block(Operation.PUT_PART);
            SnapshotService service = lab.service();
            Snapshot created = service.create(Lab.request());
            service.await(created.id(), s -> s.phase() == Phase.TRANSFERRING, Lab.LONG);

            assertThatThrownBy(() -> service.await(created.id(), SnapshotService.settled(), Duration.ofMillis(20)))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.TRANSIENT))
                    .hasMessageContaining("TRANSFERRING");
            gate.open();
        }
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
