package io.stillframe.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.hypervisor.AgentBehaviour;
import io.stillframe.hypervisor.SimulatedFault;
import io.stillframe.hypervisor.SimulatedOperation;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.CaptureReport;
import io.stillframe.model.Consistency;
import io.stillframe.model.Downtime;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.PowerState;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a live capture does to the guest, and what it says about it. */
class LiveCaptureTest {
    @Test
    void aGuestWhoseAgentAnswersIsQuiesced() {
        try (Lab lab = Lab.running()) {
            lab.guest.agent(AgentBehaviour.ANSWERS);
            CaptureReport report = take(lab);

            assertThat(report.consistency()).isEqualTo(Consistency.QUIESCED);
            assertThat(report.downtime().guestStop()).isEqualTo(Duration.ZERO);
            assertThat(report.downtime().hold()).isPositive();
            assertThat(report.shutdownEvents()).isZero();
            assertUntouched(lab);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = AgentBehaviour.class,
            names = {"ABSENT", "TIMES_OUT", "HANGS"})
    void aGuestThatCannotBeFrozenIsCapturedAllTheSameAndItIsSaid(AgentBehaviour agent) {
        try (Lab lab = Lab.running()) {
            lab.guest.agent(agent);
            CaptureReport report = take(lab);

            assertThat(report.consistency()).isEqualTo(Consistency.CRASH_CONSISTENT);
            assertThat(report.downtime()).isEqualTo(Downtime.none());
            assertThat(report.notes()).anyMatch(note -> note.contains("not frozen"));
            assertUntouched(lab);
        }
    }

    @Test
    void aThawThatFailsIsTriedUntilItIsDone() {
        try (Lab lab = Lab.running()) {
            lab.guest.agent(AgentBehaviour.ANSWERS);
            lab.host
                    .faults()
                    .next(SimulatedOperation.THAW, SimulatedFault.before(Kind.TRANSIENT))
                    .nth(SimulatedOperation.THAW, 2, SimulatedFault.before(Kind.PERMANENT));
            CaptureReport report = take(lab);

            assertThat(report.consistency()).isEqualTo(Consistency.QUIESCED);
            assertThat(report.notes()).anyMatch(note -> note.contains("thawing the guest failed"));
            assertUntouched(lab);
        }
    }

    @Test
    void aHoldThatFailsLeavesNothingFrozen() {
        try (Lab lab = Lab.running()) {
            lab.guest.agent(AgentBehaviour.ANSWERS);
            lab.host.faults().next(SimulatedOperation.BEGIN_CAPTURE, SimulatedFault.before(Kind.PERMANENT));
            SnapshotService service = lab.service();
            Snapshot snapshot =
                    lab.settled(service, service.create(Lab.request().withCapture(CaptureMode.LIVE)));

            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.FAILED);
            assertUntouched(lab);
            lab.assertNothingLeft();
        }
    }

    @Test
    void aGuestThatRebootsMeanwhileIsNotCalledQuiesced() {
        try (Lab lab = Lab.running()) {
            lab.guest.agent(AgentBehaviour.ANSWERS);
            lab.host.faults().next(SimulatedOperation.BEGIN_CAPTURE, SimulatedFault.meanwhileBefore(lab.guest::reboot));

            assertThat(take(lab).consistency()).isEqualTo(Consistency.CRASH_CONSISTENT);
        }
    }

    @Test
    void anInstanceThatIsOffIsCapturedAsOff() {
        try (Lab lab = Lab.running()) {
            lab.guest.shutDown();

            assertThat(take(lab).consistency()).isEqualTo(Consistency.ALREADY_OFF);
            assertThat(lab.guest.state().power()).isEqualTo(PowerState.OFF);
        }
    }

    private static CaptureReport take(Lab lab) {
        SnapshotService service = lab.service();
        Snapshot snapshot = lab.settled(service, service.create(Lab.request().withCapture(CaptureMode.LIVE)));
        assertThat(snapshot.status()).as("%s", snapshot).isEqualTo(SnapshotStatus.AVAILABLE);
        lab.assertNothingLeft(snapshot.id());
        return snapshot.capture().orElseThrow();
    }

    private static void assertUntouched(Lab lab) {
        assertThat(lab.guest.isFrozen()).isFalse();
        assertThat(lab.guest.bootCount()).isEqualTo(1);
        assertThat(lab.guest.shutdownEvents()).isZero();
    }
}
