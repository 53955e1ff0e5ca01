package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.image.DiskCopy;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.FreezeOutcome;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import io.stillframe.spi.PowerState;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** States of a real guest that the contract kits do not know: saved, paused, frozen by somebody, on a chain of qcow2 files. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GuestLifeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String COPY = "lv-life-copy";

    private final Lab lab = Lab.open();
    private LabGuest guest;
    private LibvirtHypervisor hypervisor;

    @BeforeAll
    void createGuest() {
        guest = LabGuest.create(lab, "lv-life", "--chain", "2", "--data-size", "64M", "--data-format", "raw", "--nic");
        hypervisor = LibvirtHypervisor.open(URI.create(Lab.URI));
    }

    @AfterAll
    void removeGuest() {
        if (guest != null) {
            lab.tryCommand("virsh", "destroy", COPY);
            lab.tryCommand("virsh", "undefine", COPY);
            guest.close();
            hypervisor.close();
        }
    }

    @BeforeEach
    void ensureRunning() {
        if (guest.isOff()) {
            guest.boot();
        }
    }

    @Test
    void savedMemoryIsSuspendedAndPowerOnStartsFromTheDisks() {
        long record = guest.awaitWrites();
        guest.virsh("managedsave");
        InstanceState saved = observe();

        assertThat(saved.power()).isEqualTo(PowerState.SUSPENDED);
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> hypervisor.driver().forceOff(saved.id()))
                .matches(e -> e.kind() == Kind.UNSUPPORTED, "is unsupported");
        int boots = guest.boots();
        hypervisor.driver().powerOn(saved.id());
        guest.awaitUpAfter(boots);

        assertThat(guest.boots()).isEqualTo(boots + 1);
        guest.assertKept(record);
    }

    @Test
    void aPausedGuestGoesOnWhenPoweredOn() {
        InstanceState running = observe();
        guest.virsh("suspend");

        assertThat(observe().power()).isEqualTo(PowerState.PAUSED);
        hypervisor.driver().powerOn(running.id());

        assertThat(observe()).isEqualTo(running);
        guest.awaitWrites();
    }

    @Test
    void aGuestThatIsFrozenAlreadyIsThawedRatherThanCalledFrozen() {
        InstanceState running = observe();
        assertThat(hypervisor.driver().freeze(running.id(), Duration.ofSeconds(10)))
                .isInstanceOf(FreezeOutcome.Frozen.class);

        assertThat(hypervisor.driver().freeze(running.id(), Duration.ofSeconds(10)))
                .isInstanceOf(FreezeOutcome.Unavailable.class);

        guest.awaitWrites();
    }

    @Test
    void aFrozenGuestIsHeldCleanlyOnItsWholeChain() {
        InstanceState running = observe();
        assertThat(running.disks().get(0).chain())
                .hasSize(3)
                .extracting(ImageLayer::format)
                .containsOnly("qcow2");
        CapturePlan plan = hypervisor.capture().plan(SnapshotId.create(Instant.now()), running, DiskSelection.all());

        hypervisor.driver().freeze(running.id(), Duration.ofSeconds(10));
        hypervisor.capture().begin(plan);
        hypervisor.driver().thaw(running.id());
        long record = guest.awaitWrites();
        hypervisor.capture().release(plan, new Cancellation());

        assertThat(observe()).isEqualTo(running);
        guest.assertKept(record);
    }

    @Test
    void aLaunchedCopyBootsWithTheHeldDataAndAnIdentityOfItsOwn() {
        InstanceState original = observe();
        guest.awaitWrites();
        CapturePlan held = hypervisor.capture().plan(SnapshotId.create(Instant.now()), original, DiskSelection.all());
        hypervisor.capture().begin(held);
        LaunchPlan plan = hypervisor
                .driver()
                .planLaunch(new LaunchSpec(
                        COPY,
                        original.definition(),
                        original.disks().stream()
                                .map(disk -> new LaunchSpec.Disk(disk.device(), disk.role(), size(disk)))
                                .toList(),
                        LaunchRequest.Start.STARTED));
        for (CapturePlan.Disk disk : held.disks()) {
            try (BlockSource source = hypervisor.capture().open(held, disk.device());
                    BlockTarget target = hypervisor.driver().createDisk(plan, disk.device())) {
                DiskCopy.run(source, target, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
                target.finish();
            }
        }
        hypervisor.capture().release(held, new Cancellation());

        LaunchedInstance copy = hypervisor.driver().completeLaunch(plan);

        Path console = console();
        Awaitility.await().atMost(PATIENCE).until(() -> Lab.textOf(console).contains("GUEST ready"));
        assertThat(copy.id()).isNotEqualTo(original.id());
        assertThat(mac(COPY)).isNotEqualTo(mac(guest.name()));
        assertThat(observe()).isEqualTo(original);
        lab.command("virsh", "destroy", COPY);
        guest.assertConsistent(
                1, copy.disks().stream().map(LaunchedInstance.Disk::location).toList());
    }

    private static long size(InstanceDisk disk) {
        return disk.virtualSize() + (16 << 20);
    }

    private Path console() {
        try (Stream<Path> files = Files.list(guest.directory())) {
            return files.filter(file -> file.getFileName().toString().matches(COPY + "-serial0\\..*\\.log"))
                    .findFirst()
                    .orElseThrow();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private List<String> mac(String name) {
        return lab.command("virsh", "domiflist", name)
                .lines()
                .filter(line -> line.contains(":"))
                .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                .toList();
    }

    private InstanceState observe() {
        return hypervisor.driver().observe(guest.name());
    }
}
