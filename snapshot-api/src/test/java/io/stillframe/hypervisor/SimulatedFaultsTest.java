package io.stillframe.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.StopCause;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What can be made to go wrong on a simulated hypervisor. */
class SimulatedFaultsTest {
    private final SimulatedHypervisor hypervisor = SimulatedHypervisor.builder()
            .instance(SimulatedInstance.named("web")
                    .disk("vda", DiskRole.ROOT, 1 << 20)
                    .disk("vdb", DiskRole.DATA, 1 << 20)
                    .running()
                    .build())
            .build();
    private final HypervisorDriver driver = hypervisor.driver();
    private final SimulatedGuest guest = hypervisor.guest("web");
    private final SimulatedFaults faults = hypervisor.faults();

    @Test
    void aFaultBeforeHasNoEffectAndComesOnce() {
        faults.next(SimulatedOperation.FORCE_OFF, SimulatedFault.before(Kind.TRANSIENT));

        assertKind(Kind.TRANSIENT, () -> driver.forceOff(guest.id()));
        assertThat(guest.state().power()).isEqualTo(PowerState.RUNNING);

        driver.forceOff(guest.id());
        assertThat(guest.state().power()).isEqualTo(PowerState.OFF);
    }

    @Test
    void aLostAnswerHasItsEffect() {
        faults.next(SimulatedOperation.FORCE_OFF, SimulatedFault.answerLost());

        assertKind(Kind.OUTCOME_UNKNOWN, () -> driver.forceOff(guest.id()));

        assertThat(guest.state().power()).isEqualTo(PowerState.OFF);
    }

    @Test
    void theNthCallFromNowIsMeant() {
        driver.observe("web");
        faults.nth(SimulatedOperation.OBSERVE, 2, SimulatedFault.before(Kind.PERMANENT));

        driver.observe("web");
        assertKind(Kind.PERMANENT, () -> driver.observe("web"));
        driver.observe("web");

        assertThat(faults.count(SimulatedOperation.OBSERVE)).isEqualTo(4);
    }

    @Test
    void aStandingFaultLastsUntilItIsCleared() {
        faults.always(SimulatedOperation.OBSERVE, SimulatedFault.before(Kind.TRANSIENT));

        assertKind(Kind.TRANSIENT, () -> driver.observe("web"));
        assertKind(Kind.TRANSIENT, () -> driver.observe("web"));
        faults.clear();

        assertThat(driver.observe("web").name()).isEqualTo("web");
    }

    @Test
    void somethingHappensBeforeOrAfterTheEffect() {
        faults.next(SimulatedOperation.FORCE_OFF, SimulatedFault.meanwhileBefore(guest::crash));
        driver.forceOff(guest.id());
        assertThat(guest.state().stopCause()).contains(StopCause.CRASHED);

        faults.next(SimulatedOperation.POWER_ON, SimulatedFault.meanwhileAfter(guest::stop));
        driver.powerOn(guest.id());
        assertThat(guest.state().stopCause()).contains(StopCause.FORCED);
    }

    @Test
    void aBlockedCallWaitsWithoutHoldingOthersUp() {
        SimulatedGate gate = new SimulatedGate();
        faults.next(SimulatedOperation.FORCE_OFF, SimulatedFault.blocked(gate));

        CompletableFuture<Void> blocked = CompletableFuture.runAsync(() -> driver.forceOff(guest.id()));
        gate.awaitArrival(Duration.ofSeconds(10));
        assertThat(driver.observe("web").power()).isEqualTo(PowerState.RUNNING);
        gate.open();
        blocked.orTimeout(20, TimeUnit.SECONDS).join();

        assertThat(guest.state().power()).isEqualTo(PowerState.OFF);
    }

    @Test
    void aBlockedReleaseCanBeCancelledAndIsStillOwed() {
        CapturePlan plan = hold();
        SimulatedGate gate = new SimulatedGate();
        Cancellation cancellation = new Cancellation();
        faults.next(SimulatedOperation.RELEASE_CAPTURE, SimulatedFault.blocked(gate));

        CompletableFuture<Void> blocked =
                CompletableFuture.runAsync(() -> hypervisor.capture().release(plan, cancellation));
        gate.awaitArrival(Duration.ofSeconds(10));
        cancellation.cancel("enough");

        assertThat(blocked)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withMessageContaining("enough");
        assertThat(hypervisor.capture().listHeld()).containsExactly(plan);
    }

    @Test
    void readsOfAHeldDiskCanFail() {
        CapturePlan plan = hold();
        faults.nth(SimulatedOperation.READ_CAPTURE, 2, SimulatedFault.before(Kind.PERMANENT));

        try (BlockSource disk = hypervisor.capture().open(plan, "vda")) {
            disk.read(0, ByteBuffer.allocate(10));
            assertKind(Kind.PERMANENT, () -> disk.read(0, ByteBuffer.allocate(10)));
        }
    }

    @Test
    void writesOfALaunchCanFail() {
        LaunchPlan plan = driver.planLaunch(new LaunchSpec(
                "copy",
                guest.state().definition(),
                List.of(new LaunchSpec.Disk("vda", DiskRole.ROOT, 1 << 20)),
                LaunchRequest.Start.STARTED));
        faults.next(SimulatedOperation.WRITE_DISK, SimulatedFault.before(Kind.PERMANENT));

        try (BlockTarget disk = driver.createDisk(plan, "vda")) {
            assertKind(Kind.PERMANENT, () -> disk.write(0, ByteBuffer.allocate(10)));
        }
        assertKind(Kind.INVALID, () -> driver.completeLaunch(plan));
        assertThat(hypervisor.unfinishedLaunches()).isEqualTo(1);
        driver.discardLaunch(plan);
        assertThat(hypervisor.unfinishedLaunches()).isZero();
    }

    @Test
    void readingAfterTheReleaseIsRefused() {
        CapturePlan plan = hold();
        try (BlockSource disk = hypervisor.capture().open(plan, "vda")) {
            hypervisor.capture().release(plan, new Cancellation());

            assertKind(Kind.PERMANENT, () -> disk.read(0, ByteBuffer.allocate(10)));
        }
    }

    @Test
    void aDiskIsHeldForOneSnapshotAtATime() {
        CapturePlan first = hold();

        assertKind(Kind.CONFLICT, this::plan);

        assertThat(guest.state().disks().get(0).chain()).hasSize(2);
        hypervisor.capture().release(first, new Cancellation());
        assertThat(guest.state().disks().get(0).chain()).hasSize(1);
        assertThat(plan().disks()).hasSize(2);
    }

    @Test
    void aHoldOutlivesItsInstanceButNotItsDisks() {
        CapturePlan plan = hold();
        guest.delete();
        hypervisor.capture().open(plan, "vda").close();
        hypervisor.capture().release(plan, new Cancellation());
        assertThat(hypervisor.capture().listHeld()).isEmpty();

        SimulatedGuest other = hypervisor.add(SimulatedInstance.named("web")
                .disk("vda", DiskRole.ROOT, 1 << 20)
                .build());
        CapturePlan second = hold();
        other.deleteWithDisks();
        assertKind(Kind.NOT_FOUND, () -> hypervisor.capture().open(second, "vda"));
        hypervisor.capture().release(second, new Cancellation());
    }

    @Test
    void aKilledHypervisorCrashesItsInstancesAndKeepsWhatIsHeld() {
        CapturePlan plan = hold();
        Hypervisor other = hypervisor.connect();
        AtomicInteger changes = new AtomicInteger();
        driver.watch(guest.id(), changes::incrementAndGet);

        hypervisor.kill();

        assertThat(changes).as("a lost connection counts as a change").hasPositiveValue();
        assertKind(Kind.TRANSIENT, () -> driver.observe("web"));
        assertKind(Kind.TRANSIENT, () -> other.capture().listHeld());
        hypervisor.restart();
        assertThat(other.driver().observe("web").stopCause()).contains(StopCause.CRASHED);
        assertThat(other.capture().listHeld()).containsExactly(plan);
    }

    @Test
    void aClosedConnectionAnswersNoMoreAndTheOthersDo() {
        Hypervisor other = hypervisor.connect();
        AtomicInteger changes = new AtomicInteger();
        other.driver().watch(guest.id(), changes::incrementAndGet);

        other.close();

        assertKind(Kind.PERMANENT, () -> other.driver().observe("web"));
        driver.forceOff(guest.id());
        assertThat(changes).hasValue(0);
    }

    @Test
    void aListenerThatThrowsDisturbsNobody() {
        driver.watch(guest.id(), () -> {
            throw new IllegalStateException("a listener's fault, on purpose");
        });

        driver.forceOff(guest.id());

        assertThat(guest.state().power()).isEqualTo(PowerState.OFF);
    }

    @Test
    void callsAreLoggedWithTheirFailure() {
        driver.observe("web");
        assertKind(Kind.NOT_FOUND, () -> driver.observe("nobody"));

        assertThat(hypervisor.calls())
                .containsExactly(
                        new SimulatedCall(SimulatedOperation.OBSERVE, "web", Optional.empty()),
                        new SimulatedCall(SimulatedOperation.OBSERVE, "nobody", Optional.of(Kind.NOT_FOUND)));
    }

    @Test
    void whatCannotBeCopiedCannotBeLaunched() {
        SimulatedGuest special = hypervisor.add(SimulatedInstance.named("special")
                .disk("vda", DiskRole.ROOT, 1 << 20)
                .uncopyable("a passed-through device")
                .build());
        LaunchSpec spec = new LaunchSpec(
                "copy",
                special.state().definition(),
                List.of(new LaunchSpec.Disk("vda", DiskRole.ROOT, 1 << 20)),
                LaunchRequest.Start.STARTED);

        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> driver.planLaunch(spec))
                .withMessageContaining("a passed-through device")
                .matches(e -> e.kind() == Kind.UNSUPPORTED);
    }

    private CapturePlan plan() {
        return hypervisor.capture().plan(SnapshotId.create(Instant.EPOCH), driver.observe("web"), DiskSelection.all());
    }

    private CapturePlan hold() {
        CapturePlan plan = plan();
        hypervisor.capture().begin(plan);
        return plan;
    }

    private static void assertKind(Kind kind, ThrowingCallable call) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(call)
                .extracting(SnapshotException::kind)
                .isEqualTo(kind);
    }
}
