package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.model.DiskSelection;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.PowerState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * What becomes of a point in time when the instance, a person, a crash or another process gets in the way of its release. One guest
 * lives through all tests; each leaves it with its own disks, as defined, and nothing beside them.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OverlayReleaseTest {
    /** So slow that a merge of the little that the guest writes lasts until it is stopped. */
    private static final long CRAWL = 4096;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Lab lab = Lab.open();
    private LabGuest guest;
    private LibvirtHypervisor hypervisor;
    private LibvirtHypervisor crawling;
    private String definition;

    @TempDir
    Path directory;

    @BeforeAll
    void createGuest() {
        guest = LabGuest.create(
                lab, "lv-release", "--root-format", "raw", "--data-size", "64M", "--data-format", "qcow2");
        definition = inactiveXml();
        hypervisor = LibvirtHypervisor.open(URI.create(Lab.URI));
        crawling = LibvirtHypervisor.open(
                URI.create(Lab.URI), LibvirtOptions.ofDefaults().withMergeBandwidth(CRAWL));
    }

    @AfterAll
    void removeGuest() {
        if (guest != null) {
            guest.close();
            hypervisor.close();
            crawling.close();
        }
    }

    @BeforeEach
    void ensureRunning() {
        if (guest.isOff()) {
            guest.boot();
        }
    }

    @AfterEach
    void nothingIsLeft() {
        List<String> leftovers = guest.leftovers();
        List<CapturePlan> held = hypervisor.capture().listHeld().stream()
                .filter(plan -> plan.instance().equals(observe().id()))
                .toList();
        // A test that failed must not fail the next ones.
        held.forEach(this::release);
        assertThat(leftovers).isEmpty();
        assertThat(held).isEmpty();
        assertThat(inactiveXml()).isEqualTo(definition);
    }

    @Test
    void aLiveCaptureHoldsOneMomentAndLeavesEverythingAsItWas() {
        InstanceState before = observe();
        List<String> owners = owners();
        CapturePlan plan = begin();
        long record = guest.awaitWrites();

        assertOneMoment(plan);
        release(plan);

        assertThat(observe()).isEqualTo(before);
        assertThat(owners()).isEqualTo(owners);
        guest.assertKept(record);
    }

    @Test
    void aCaptureOfTheStoppedGuestLeavesEverythingAsItWas() {
        guest.forceOff();
        InstanceState before = observe();
        List<String> owners = owners();
        CapturePlan plan = begin();

        hypervisor.driver().powerOn(before.id());
        guest.awaitUp();
        long record = guest.awaitWrites();
        assertOneMoment(plan);
        guest.forceOff();
        release(plan);

        assertThat(observe()).isEqualTo(before);
        assertThat(owners()).isEqualTo(owners);
        guest.assertKept(record);
    }

    @Test
    void qemuIsKilledInTheMiddleOfTheMerge() {
        CapturePlan plan = begin();
        long record = guest.awaitWrites();
        CompletableFuture<Void> release = releaseCrawling(plan, new Cancellation());
        awaitJob();

        guest.kill();

        assertThat(release).succeedsWithin(PATIENCE);
        assertThat(observe().isOff()).isTrue();
        guest.assertKept(record);
    }

    @Test
    void theGuestShutsDownInTheMiddleOfTheMerge() {
        CapturePlan plan = begin();
        long record = guest.awaitWrites();
        CompletableFuture<Void> release = releaseCrawling(plan, new Cancellation());
        awaitJob();

        Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofSeconds(1)).until(() -> {
            hypervisor.driver().requestShutdown(plan.instance());
            return guest.isOff();
        });

        assertThat(release).succeedsWithin(PATIENCE);
        guest.assertKept(record);
    }

    @Test
    void qemuIsKilledAndTheInstanceStartedAgainBetweenTwoReleases() {
        CapturePlan plan = begin();
        long first = guest.awaitWrites();
        Cancellation cancellation = new Cancellation();
        CompletableFuture<Void> release = releaseCrawling(plan, cancellation);
        awaitJob();
        cancellation.cancel("the process ends");
        assertThat(release).failsWithin(PATIENCE);

        guest.kill();
        guest.awaitOff();
        assertFails(Kind.NOT_FOUND, () -> hypervisor.capture().open(plan, "vda"));
        guest.boot();
        long second = guest.awaitWrites();
        release(plan);

        assertThat(second).isGreaterThan(first);
        assertThat(observe().power()).isEqualTo(PowerState.RUNNING);
        guest.assertKept(second);
    }

    @Test
    void anotherProcessTakesARunningMergeOver() {
        CapturePlan plan = begin();
        long record = guest.awaitWrites();
        Cancellation cancellation = new Cancellation();
        CompletableFuture<Void> release = releaseCrawling(plan, cancellation);
        awaitJob();
        cancellation.cancel("the process ends");

        assertThat(release).failsWithin(PATIENCE);
        release(found(plan));

        guest.assertKept(record);
    }

    @Test
    void aPersonPutsAnotherOverlayOnTop() {
        CapturePlan plan = begin();
        Path theirs = guest.directory().resolve("theirs.qcow2");
        guest.virsh(
                "snapshot-create-as",
                "--disk-only",
                "--no-metadata",
                "--diskspec",
                "vda,snapshot=external,file=" + theirs,
                "--diskspec",
                "vdb,snapshot=no");
        assertOneMoment(plan);
        long record = guest.awaitWrites();

        release(plan);

        assertThat(observe().disks().get(0).chain())
                .extracting(layer -> Path.of(layer.location()).getFileName().toString())
                .containsExactly("theirs.qcow2", "root.raw");
        assertThat(guest.leftovers()).isEmpty();
        guest.virsh("blockcommit", "vda", "--active", "--wait", "--pivot");
        delete(theirs);
        guest.forceOff();
        guest.awaitOff();
        redefine();
        guest.assertKept(record);
    }

    @Test
    void underAnotherOverlayOfAnInstanceThatIsOffNothingIsMerged() {
        CapturePlan plan = begin();
        Path theirs = guest.directory().resolve("theirs.qcow2");
        guest.virsh(
                "snapshot-create-as",
                "--disk-only",
                "--no-metadata",
                "--diskspec",
                "vda,snapshot=external,file=" + theirs,
                "--diskspec",
                "vdb,snapshot=no");
        long record = guest.awaitWrites();
        guest.forceOff();
        guest.awaitOff();

        assertFails(Kind.CONFLICT, () -> release(plan));

        guest.boot();
        release(plan);
        guest.virsh("blockcommit", "vda", "--active", "--wait", "--pivot");
        delete(theirs);
        guest.forceOff();
        guest.awaitOff();
        redefine();
        guest.assertKept(record);
    }

    @Test
    void aPersonSetsThePersistentDefinitionBackWhileTheOverlayIsInUse() {
        CapturePlan plan = begin();
        redefine();
        long record = guest.awaitWrites();
        CompletableFuture<Void> release = releaseCrawling(plan, new Cancellation());
        awaitJob();

        guest.kill();

        assertThat(release).succeedsWithin(PATIENCE);
        guest.assertKept(record);
    }

    @Test
    void theGuestIsKilledWhileItsMonitorIsAsked() {
        CapturePlan plan = begin();
        long record = guest.awaitWrites();
        AtomicReference<Thread> releasing = new AtomicReference<>();
        CompletableFuture<Void> release = CompletableFuture.runAsync(() -> {
            releasing.set(Thread.currentThread());
            crawling.capture().release(plan, new Cancellation());
        });
        awaitJob();
        guest.suspend();
        awaitCall(releasing.get(), "getBlockJobInfo");

        guest.kill();

        assertThat(release).succeedsWithin(PATIENCE);
        guest.assertKept(record);
    }

    @Test
    void theGuestIsKilledWhileItsButtonIsPressed() {
        guest.suspend();
        AtomicReference<Thread> pressing = new AtomicReference<>();
        InstanceId instance = observe().id();
        CompletableFuture<Void> press = CompletableFuture.runAsync(() -> {
            pressing.set(Thread.currentThread());
            hypervisor.driver().requestShutdown(instance);
        });
        Awaitility.await().atMost(PATIENCE).until(() -> pressing.get() != null);
        awaitCall(pressing.get(), "virDomainShutdownFlags");

        guest.kill();

        assertThat(press).succeedsWithin(PATIENCE);
    }

    @Test
    void aPersonRemovesTheInstanceButNotItsDisks() {
        CapturePlan plan = begin();
        long record = guest.awaitWrites();
        guest.forceOff();
        guest.awaitOff();
        guest.virsh("undefine");

        release(plan);

        assertThat(guest.leftovers()).isEmpty();
        redefine();
        guest.assertKept(record);
    }

    @Test
    void theProcessDiedAfterThePivot() {
        CapturePlan plan = begin();
        long record = guest.awaitWrites();
        for (String device : List.of("vda", "vdb")) {
            guest.virsh("blockcommit", device, "--active", "--wait", "--pivot");
        }
        overlays().forEach(overlay -> create(Path.of(overlay + ".merged")));

        release(plan);

        guest.assertKept(record);
    }

    @Test
    void anOverlayWithWritesThatIsInNoChainIsNeverRemoved() {
        CapturePlan plan = begin();
        guest.awaitWrites();
        guest.forceOff();
        guest.awaitOff();
        redefine();
        List<Path> overlays = overlays();

        assertFails(Kind.PERMANENT, () -> release(plan));

        assertThat(overlays).hasSize(2).allMatch(Files::exists);
        overlays.forEach(OverlayReleaseTest::delete);
        release(plan);
    }

    @Test
    void theProcessDiedBetweenTheOverlaysAndTheHold() {
        guest.forceOff();
        guest.awaitOff();
        CapturePlan plan = plan();
        CapturePlan held = begin();
        List<Path> overlays = overlays();
        assertThat(overlays).hasSize(2);
        redefine();

        assertThat(found(held).disks()).hasSize(2);
        release(held);
        release(plan);
    }

    @Test
    void whatAnotherProgramHasOpenIsNotMerged() throws IOException, InterruptedException {
        CapturePlan plan = begin();
        long record = guest.awaitWrites();
        guest.forceOff();
        guest.awaitOff();
        Path overlay = overlays().get(0);
        Process other = new ProcessBuilder("qemu-io", "-f", "qcow2", overlay.toString()).start();
        try (LibvirtHypervisor hasty = LibvirtHypervisor.open(
                URI.create(Lab.URI), LibvirtOptions.ofDefaults().withMergeStall(Duration.ofSeconds(2)))) {
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> lab.tryCommand("qemu-img", "info", overlay.toString())
                                    .status()
                            != 0);
            assertFails(Kind.TRANSIENT, () -> hasty.capture().release(plan, new Cancellation()));
        } finally {
            other.getOutputStream().close();
            other.waitFor();
        }

        release(plan);

        guest.assertKept(record);
    }

    @Test
    void asecondCaptureOfHeldDisksIsAConflict() {
        CapturePlan plan = begin();

        assertFails(Kind.CONFLICT, this::plan);

        release(plan);
    }

    @Test
    void aDiskInABlockJobOfSomebodyElseIsAConflict() {
        Path copy = guest.directory().resolve("copy.raw");
        guest.virsh("blockcopy", "vda", "--dest", copy.toString(), "--format", "raw", "--transient-job");

        assertFails(Kind.CONFLICT, this::plan);

        guest.virsh("blockjob", "vda", "--abort");
        delete(copy);
    }

    // ---- steps ----

    private InstanceState observe() {
        return hypervisor.driver().observe(guest.name());
    }

    private CapturePlan plan() {
        return hypervisor.capture().plan(SnapshotId.create(Instant.now()), observe(), DiskSelection.all());
    }

    private CapturePlan begin() {
        CapturePlan plan = plan();
        hypervisor.capture().begin(plan);
        return plan;
    }

    private void release(CapturePlan plan) {
        hypervisor.capture().release(plan, new Cancellation());
    }

    private CompletableFuture<Void> releaseCrawling(CapturePlan plan, Cancellation cancellation) {
        return CompletableFuture.runAsync(() -> crawling.capture().release(plan, cancellation));
    }

    /** The plan as the host itself tells it. */
    private CapturePlan found(CapturePlan plan) {
        return hypervisor.capture().listHeld().stream()
                .filter(held -> held.snapshot().equals(plan.snapshot()))
                .findFirst()
                .orElseThrow();
    }

    private void awaitJob() {
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> lab.tryCommand("virsh", "blockjob", guest.name(), "vda", "--raw")
                        .output()
                        .contains("Active Block Commit"));
    }

    /** Waits until that thread has been in one native call for a while: the server has the question and no answer. */
    private static void awaitCall(Thread thread, String call) {
        Awaitility.await()
                .atMost(PATIENCE)
                .during(Duration.ofSeconds(1))
                .until(() -> Arrays.stream(thread.getStackTrace())
                        .anyMatch(frame -> frame.toString().contains(call)));
    }

    private void assertOneMoment(CapturePlan plan) {
        List<String> arguments = new ArrayList<>(List.of("--format", "raw"));
        List<Path> copies = new ArrayList<>();
        for (CapturePlan.Disk disk : plan.disks()) {
            try (BlockSource held = hypervisor.capture().open(plan, disk.device())) {
                copies.add(LibvirtLab.copy(held, directory.resolve(plan.snapshot() + disk.device())));
            }
        }
        copies.forEach(copy -> arguments.add(copy.toString()));
        guest.assertConsistent(0, arguments);
        copies.forEach(OverlayReleaseTest::delete);
    }

    private String inactiveXml() {
        return guest.virsh("dumpxml", "--inactive");
    }

    private void redefine() {
        Path file = directory.resolve("definition.xml");
        try {
            Files.writeString(file, definition);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        lab.command("virsh", "define", file.toString());
    }

    private List<Path> overlays() {
        return guest.leftovers().stream()
                .filter(name -> !name.endsWith(".merging") && !name.endsWith(".merged"))
                .map(guest.directory()::resolve)
                .toList();
    }

    private List<String> owners() {
        return List.of(lab.command(
                "stat", "-c", "%n %u %g %a", guest.directory() + "/root.raw", guest.directory() + "/data.qcow2"));
    }

    private static void create(Path file) {
        try {
            Files.createFile(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void assertFails(Kind kind, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(call)
                .matches(e -> e.kind() == kind, "is " + kind);
    }
}
