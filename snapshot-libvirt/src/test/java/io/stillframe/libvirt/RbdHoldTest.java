package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.model.DiskSelection;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.PowerState;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** What interrupted attempts, other people and stopped processes leave on volumes. One guest with two volumes. */
@ExtendWith(CephCluster.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RbdHoldTest {
    private static final String PAUSE_MARK = "https://stillframe.io/xmlns/pause/1";

    private Lab lab;
    private LabGuest guest;
    private LibvirtHypervisor hypervisor;
    private CapturePlan plan;

    @BeforeAll
    void createGuest() {
        lab = Lab.open();
        guest = CephCluster.createGuest(lab, "rbd-hold");
        hypervisor = LibvirtHypervisor.open(URI.create(Lab.URI));
    }

    @BeforeEach
    void plan() {
        plan = hypervisor.capture().plan(SnapshotId.create(Instant.now()), observe(), DiskSelection.all());
    }

    @AfterEach
    void release() {
        hypervisor.capture().release(plan, new Cancellation());
        assertThat(guest.leftovers()).isEmpty();
    }

    @AfterAll
    void removeGuest() {
        if (guest != null) {
            guest.close();
            hypervisor.close();
        }
    }

    @Test
    void snapshotsThatNobodyProtectedAreOfAnotherMomentAndMadeAnew() {
        for (String volume : guest.volumes()) {
            rbd("snap", "create", "--no-progress", snapshot(volume));
        }
        String before = rbd("snap", "ls", guest.volumes().get(0));

        hypervisor.capture().begin(plan);

        assertThat(rbd("snap", "ls", guest.volumes().get(0))).isNotEqualTo(before);
        for (String volume : guest.volumes()) {
            assertThat(rbd("snap", "ls", volume)).contains("yes");
        }
    }

    @Test
    void aSetThatWasCompleteIsProtectedToTheEnd() {
        hypervisor.capture().begin(plan);
        String before = rbd("snap", "ls", guest.volumes().get(1));
        rbd("snap", "unprotect", snapshot(guest.volumes().get(1)));

        hypervisor.capture().begin(plan);

        assertThat(rbd("snap", "ls", guest.volumes().get(1))).isEqualTo(before);
    }

    @Test
    void whatIsPartlyReleasedIsNotHeldAnew() {
        hypervisor.capture().begin(plan);
        rbd("snap", "unprotect", snapshot(guest.volumes().get(0)));
        rbd("snap", "rm", "--no-progress", snapshot(guest.volumes().get(0)));

        assertFails(Kind.CONFLICT, () -> hypervisor.capture().begin(plan));
        assertFails(Kind.NOT_FOUND, () -> hypervisor.capture().open(plan, "vda"));
    }

    @Test
    void aVolumeThatGrewSinceIsAConflictAndNothingIsLeft() {
        rbd("resize", "--no-progress", "--size", "65M", guest.volumes().get(1));
        try {
            assertFails(Kind.CONFLICT, () -> hypervisor.capture().begin(plan));
            assertThat(guest.leftovers()).isEmpty();
        } finally {
            rbd(
                    "resize",
                    "--no-progress",
                    "--allow-shrink",
                    "--size",
                    "64M",
                    guest.volumes().get(1));
        }
    }

    @Test
    void aHeldSnapshotThatSomebodyClonedIsNotReleasedUnderTheClone() {
        hypervisor.capture().begin(plan);
        String clone = CephCluster.POOL + "/rbd-hold-clone";
        rbd("clone", snapshot(guest.volumes().get(0)), clone);
        try {
            assertFails(Kind.CONFLICT, () -> hypervisor.capture().release(plan, new Cancellation()));
        } finally {
            rbd("rm", "--no-progress", clone);
        }
    }

    @Test
    void aReleaseLetsAGuestGoOnThatADeadProcessPaused() {
        guest.boot();
        try {
            guest.virsh("metadata", "--live", "--uri", PAUSE_MARK, "--key", "stillframe", "--set", "<paused/>");
            guest.virsh("suspend");

            hypervisor.capture().release(plan, new Cancellation());

            assertThat(observe().power()).isEqualTo(PowerState.RUNNING);
            assertThat(guest.virsh("dumpxml")).doesNotContain(PAUSE_MARK);
            guest.awaitWrites();

            guest.virsh("suspend");
            hypervisor.capture().begin(plan);
            assertThat(observe().power()).as("somebody else's pause").isEqualTo(PowerState.PAUSED);
            guest.virsh("resume");
        } finally {
            guest.forceOff();
        }
    }

    @Test
    void aQemuThatIsStoppedIsGivenUpAndWhatItDoesLaterIsNotTakenForAHold() {
        guest.boot();
        try (LibvirtHypervisor hasty = LibvirtHypervisor.open(
                URI.create(Lab.URI),
                LibvirtOptions.ofDefaults().withCeph(CephOptions.ofDefaults().withDeadline(Duration.ofSeconds(1))))) {
            CapturePlan one = hasty.capture().plan(plan.snapshot(), observe(), DiskSelection.devices(List.of("vda")));
            guest.suspend();
            // The volume's snapshots are for the process to make that has it open for writing.
            assertFails(Kind.OUTCOME_UNKNOWN, () -> hasty.capture().begin(one));
            guest.goOn();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> !guest.leftovers().isEmpty());
            assertFails(Kind.NOT_FOUND, () -> hypervisor.capture().open(one, "vda"));
            String late = rbd("snap", "ls", guest.volumes().get(0));

            hypervisor.capture().begin(one);

            assertThat(rbd("snap", "ls", guest.volumes().get(0))).isNotEqualTo(late);
            try (BlockSource held = hypervisor.capture().open(one, "vda")) {
                assertThat(held.size()).isEqualTo(one.disks().get(0).virtualSize());
            }
        } finally {
            guest.goOn();
            guest.forceOff();
        }
    }

    private InstanceState observe() {
        return hypervisor.driver().observe(guest.name());
    }

    private String snapshot(String volume) {
        return volume + "@stillframe-" + plan.snapshot();
    }

    private String rbd(String... arguments) {
        String[] command = new String[arguments.length + 1];
        command[0] = "rbd";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        return lab.command(command);
    }

    private static void assertFails(Kind kind, ThrowingCallable call) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(call)
                .matches(e -> e.kind() == kind, "is " + kind);
    }
}
