package io.stillframe.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.model.DiskRole;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BootId;
import io.stillframe.spi.FreezeOutcome;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.StopCause;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What simulated guests and people at the host do. */
class SimulatedGuestTest {
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final Clock clock = ((InstantSource) () -> now).withZone(ZoneOffset.UTC);
    private final SimulatedHypervisor hypervisor =
            SimulatedHypervisor.builder().clock(clock).build();
    private final HypervisorDriver driver = hypervisor.driver();

    @Test
    void stopsAtTheEventThatItNotices() {
        SimulatedGuest guest = running(ShutdownBehaviour.obeysAfterEvents(3));

        driver.requestShutdown(guest.id());
        driver.requestShutdown(guest.id());
        assertThat(guest.state().power()).isEqualTo(PowerState.RUNNING);
        driver.requestShutdown(guest.id());

        assertThat(guest.state().stopCause()).contains(StopCause.GUEST);
        assertThat(guest.shutdownEvents()).isEqualTo(3);
    }

    @Test
    void countsTheEventsOfEachBootAnew() {
        SimulatedGuest guest = running(ShutdownBehaviour.obeysAfterEvents(2));
        driver.requestShutdown(guest.id());
        guest.reboot();

        driver.requestShutdown(guest.id());

        assertThat(guest.state().power()).isEqualTo(PowerState.RUNNING);
        assertThat(guest.bootCount()).isEqualTo(2);
    }

    @Test
    void stopsWhenItsDelayIsOverAndTellsWatchers() {
        SimulatedGuest guest = running(ShutdownBehaviour.obeysAfter(Duration.ofSeconds(4)));
        AtomicInteger changes = new AtomicInteger();
        driver.watch(guest.id(), changes::incrementAndGet);
        driver.requestShutdown(guest.id());

        now = now.plusMillis(3_999);
        hypervisor.settle();
        assertThat(guest.state().power()).isEqualTo(PowerState.RUNNING);
        assertThat(changes).hasValue(0);
        now = now.plusMillis(1);
        hypervisor.settle();

        assertThat(guest.state().stopCause()).contains(StopCause.GUEST);
        assertThat(changes).hasValue(1);
    }

    @Test
    void aForcedStopEndsWhatWasDue() {
        SimulatedGuest guest = running(ShutdownBehaviour.obeysAfter(Duration.ofSeconds(4)));
        driver.requestShutdown(guest.id());
        driver.forceOff(guest.id());
        driver.powerOn(guest.id());

        now = now.plusSeconds(10);

        assertThat(driver.observe("web").power()).isEqualTo(PowerState.RUNNING);
    }

    @Test
    void rebootsOnceAndThenObeys() {
        SimulatedGuest guest = running(ShutdownBehaviour.rebootsThen(ShutdownBehaviour.obeys()));
        Optional<BootId> first = guest.state().boot();

        driver.requestShutdown(guest.id());
        Optional<BootId> second = guest.state().boot();
        driver.requestShutdown(guest.id());

        assertThat(second).isPresent().isNotEqualTo(first);
        assertThat(guest.state().stopCause()).contains(StopCause.GUEST);
    }

    @Test
    void crashesWhenAsked() {
        SimulatedGuest guest = running(ShutdownBehaviour.crashes());

        driver.requestShutdown(guest.id());

        assertThat(guest.state().stopCause()).contains(StopCause.CRASHED);
    }

    @Test
    void aFrozenGuestStopsAfterTheThaw() {
        SimulatedGuest guest = running(ShutdownBehaviour.obeys());
        guest.agent(AgentBehaviour.ANSWERS);
        assertThat(driver.freeze(guest.id(), Duration.ofSeconds(1))).isEqualTo(new FreezeOutcome.Frozen(2));

        driver.requestShutdown(guest.id());
        assertThat(guest.state().power()).isEqualTo(PowerState.RUNNING);
        driver.thaw(guest.id());

        assertThat(guest.state().stopCause()).contains(StopCause.GUEST);
    }

    @Test
    void aFrozenGuestDoesNotWrite() {
        SimulatedGuest guest = running(ShutdownBehaviour.obeys());
        guest.agent(AgentBehaviour.ANSWERS);
        driver.freeze(guest.id(), Duration.ofSeconds(1));

        assertKind(Kind.CONFLICT, () -> guest.write("vda", 0, new byte[1]));
        driver.thaw(guest.id());
        guest.write("vda", 0, new byte[1]);
    }

    @Test
    void anAgentThatHangsLeavesTheGuestFrozenAndTheOutcomeUnknown() {
        SimulatedGuest guest = running(ShutdownBehaviour.obeys());
        guest.agent(AgentBehaviour.HANGS);

        assertKind(Kind.OUTCOME_UNKNOWN, () -> driver.freeze(guest.id(), Duration.ofSeconds(1)));

        assertThat(guest.isFrozen()).isTrue();
        driver.thaw(guest.id());
        assertThat(guest.isFrozen()).isFalse();
    }

    @Test
    void anAgentThatTimesOutLeavesNothingFrozen() {
        SimulatedGuest guest = running(ShutdownBehaviour.obeys());
        guest.agent(AgentBehaviour.TIMES_OUT);

        assertThat(driver.freeze(guest.id(), Duration.ofSeconds(1))).isInstanceOf(FreezeOutcome.Unavailable.class);
        assertThat(guest.isFrozen()).isFalse();
    }

    @Test
    void aPausedGuestHearsNothingAndKeepsItsBoot() {
        SimulatedGuest guest = running(ShutdownBehaviour.obeys());
        Optional<BootId> boot = guest.state().boot();
        guest.pause();

        driver.requestShutdown(guest.id());
        assertThat(guest.state().power()).isEqualTo(PowerState.PAUSED);
        driver.powerOn(guest.id());

        assertThat(guest.state().power()).isEqualTo(PowerState.RUNNING);
        assertThat(guest.state().boot()).isEqualTo(boot);
    }

    @Test
    void powerOnDropsSavedMemory() {
        SimulatedGuest guest = running(ShutdownBehaviour.obeys());
        Optional<BootId> boot = guest.state().boot();
        guest.suspend();

        driver.powerOn(guest.id());

        assertThat(guest.state().boot()).isPresent().isNotEqualTo(boot);
    }

    @Test
    void aPersonMovesItBehindTheDriversBack() {
        SimulatedGuest guest = running(ShutdownBehaviour.ignores());
        AtomicInteger changes = new AtomicInteger();
        driver.watch(guest.id(), changes::incrementAndGet);

        guest.stop();
        assertThat(driver.observe("web").stopCause()).contains(StopCause.FORCED);
        guest.start();
        assertThat(driver.observe("web").power()).isEqualTo(PowerState.RUNNING);
        guest.delete();

        assertKind(Kind.NOT_FOUND, () -> driver.observe("web"));
        assertKind(Kind.NOT_FOUND, () -> driver.powerOn(guest.id()));
        assertThat(changes).hasValue(3);
    }

    @Test
    void aTransientInstanceVanishesAtPowerOff() {
        SimulatedGuest guest = hypervisor.add(SimulatedInstance.named("fleeting")
                .disk("vda", DiskRole.ROOT, 1 << 20)
                .vanishesAtPowerOff()
                .build());
        assertThat(driver.observe("fleeting").persistence()).isEqualTo(InstanceState.Persistence.TRANSIENT);

        driver.requestShutdown(guest.id());

        assertKind(Kind.NOT_FOUND, () -> driver.observe("fleeting"));
    }

    @Test
    void aDeletedNameIsANewInstanceWithAnotherIdentity() {
        SimulatedGuest first = running(ShutdownBehaviour.obeys());
        first.delete();

        SimulatedGuest second = running(ShutdownBehaviour.obeys());

        assertThat(second.id()).isNotEqualTo(first.id());
        assertKind(Kind.NOT_FOUND, first::state);
    }

    @Test
    void twoRunsOfTheSameStepsAreTheSame() {
        assertThat(storyOf(SimulatedHypervisor.builder().clock(clock).build()))
                .isEqualTo(storyOf(SimulatedHypervisor.builder().clock(clock).build()));
    }

    private static String storyOf(SimulatedHypervisor host) {
        host.add(SimulatedInstance.named("a")
                .disk("vda", DiskRole.ROOT, 1 << 20)
                .running()
                .build());
        host.guest("a").reboot();
        host.driver().requestShutdown(host.guest("a").id());
        return host.driver().observe("a") + " " + host.calls();
    }

    private SimulatedGuest running(ShutdownBehaviour behaviour) {
        return hypervisor.add(SimulatedInstance.named("web")
                .disk("vda", DiskRole.ROOT, 1 << 20)
                .disk("vdb", DiskRole.DATA, 1 << 20)
                .onShutdown(behaviour)
                .running()
                .build());
    }

    private static void assertKind(Kind kind, ThrowingCallable call) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(call)
                .extracting(SnapshotException::kind)
                .isEqualTo(kind);
    }
}
