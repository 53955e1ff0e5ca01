package io.stillframe.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.ByteRange;
import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.Extent;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver.Feature;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.PowerState;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every {@link io.stillframe.spi.DiskCapture} keeps. Subclass it, give it a {@link HypervisorLab}, and pass.
 */
public abstract class DiskCaptureContract extends HypervisorContract {
    @TempDir
    Path directory;

    @Test
    void planHasNoEffect() {
        String name = newInstance();
        InstanceState before = observe(name);

        CapturePlan plan = plan(name);

        assertThat(observe(name)).isEqualTo(before);
        assertThat(lab().leftovers(name)).isEmpty();
        assertNotListed(plan);
    }

    @Test
    void planNamesTheChosenDisksAsTheInstanceDeclaresThem() {
        String name = newInstance();
        InstanceState instance = observe(name);

        CapturePlan all = plan(name);
        CapturePlan root = capture().plan(newSnapshot(), instance, DiskSelection.root());
        String data = device(instance, DiskRole.DATA);
        CapturePlan named = capture().plan(newSnapshot(), instance, DiskSelection.devices(List.of(data)));

        assertThat(all.instance()).isEqualTo(instance.id());
        assertThat(all.disks())
                .isEqualTo(instance.disks().stream()
                        .map(disk ->
                                new CapturePlan.Disk(disk.device(), disk.role(), disk.format(), disk.virtualSize()))
                        .toList());
        assertThat(root.disks()).extracting(CapturePlan.Disk::role).containsExactly(DiskRole.ROOT);
        assertThat(named.disks()).extracting(CapturePlan.Disk::device).containsExactly(data);
    }

    @Test
    void planOfAnUnknownDiskNamesThoseThatExist() {
        String name = newInstance();
        InstanceState instance = observe(name);

        assertFails(
                Kind.NOT_FOUND,
                device(instance, DiskRole.DATA),
                () -> capture().plan(newSnapshot(), instance, DiskSelection.devices(List.of("nosuchdisk"))));
    }

    @Test
    void holdsWhatAStoppedInstanceHasOnItsDisks() {
        assumeAbility(HypervisorLab.Ability.INDEPENDENT_READ);
        String name = newInstance();
        CapturePlan plan = plan(name);

        begin(plan);

        for (CapturePlan.Disk disk : plan.disks()) {
            Path copy = directory.resolve(disk.device() + ".raw");
            lab().copyDisk(name, disk.device(), copy);
            withDisk(plan, disk.device(), held -> Disks.assertSameAs(held, copy));
        }
    }

    @Test
    void heldDiskHasTheInstancesSizeAndItsExtentsCoverIt() {
        String name = newInstance();
        CapturePlan plan = plan(name);
        begin(plan);

        for (CapturePlan.Disk disk : plan.disks()) {
            withDisk(plan, disk.device(), held -> {
                assertThat(held.size()).isEqualTo(disk.virtualSize());
                List<Extent> extents = Disks.extents(held);
                if (disk.role() == DiskRole.ROOT) {
                    assertThat(extents).as("a disk that is not empty").anyMatch(Extent::isData);
                }
            });
        }
    }

    @Test
    void extentsOfAPartCoverThatPart() {
        String name = newInstance();
        CapturePlan plan = plan(name);
        begin(plan);

        withDisk(plan, root(plan), held -> {
            Disks.extents(held, new ByteRange(1, held.size() - 1));
            Disks.extents(held, new ByteRange(held.size() / 2 + 511, held.size() / 2 + 513));
            assertThat(held.extents(new ByteRange(held.size(), held.size())).hasNext())
                    .isFalse();
        });
    }

    @Test
    void readsAndExtentsBeyondTheDiskAreInvalid() {
        String name = newInstance();
        CapturePlan plan = plan(name);
        begin(plan);

        withDisk(plan, root(plan), held -> {
            ByteBuffer two = ByteBuffer.allocate(2);
            assertFails(Kind.INVALID, () -> held.read(held.size() - 1, two));
            assertThat(two.position()).as("bytes transferred").isZero();
            assertFails(Kind.INVALID, () -> held.read(-1, two));
            assertFails(Kind.INVALID, () -> held.read(Long.MAX_VALUE, two));
            assertFails(Kind.INVALID, () -> held.extents(new ByteRange(0, held.size() + 1)));
        });
    }

    @Test
    void severalThreadsReadOneDisk() throws InterruptedException, ExecutionException {
        String name = newInstance();
        CapturePlan plan = plan(name);
        begin(plan);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (BlockSource held = capture().open(plan, root(plan))) {
            String expected = Disks.digest(held);
            List<Future<String>> digests = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                digests.add(threads.submit(() -> Disks.digest(held)));
            }
            for (Future<String> digest : digests) {
                assertThat(digest.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void beginTwiceHoldsTheSamePointInTime() {
        String name = newInstance();
        CapturePlan plan = plan(name);
        begin(plan);
        Map<String, String> first = digests(plan);
        InstanceState held = observe(name);

        begin(plan);

        assertThat(digests(plan)).isEqualTo(first);
        assertThat(observe(name)).isEqualTo(held);
    }

    @Test
    void anotherConnectionWithACopyOfThePlanReadsListsAndReleases() {
        String name = newInstance();
        CapturePlan plan = plan(name);
        begin(plan);
        Map<String, String> expected = digests(plan);
        CapturePlan copy = new CapturePlan(
                new SnapshotId(plan.snapshot().value()), plan.instance(), List.copyOf(plan.disks()), plan.state());

        try (Hypervisor other = lab().connect()) {
            for (CapturePlan.Disk disk : copy.disks()) {
                try (BlockSource held = other.capture().open(copy, disk.device())) {
                    assertThat(Disks.digest(held)).isEqualTo(expected.get(disk.device()));
                }
            }
            assertThat(other.capture().listHeld())
                    .extracting(CapturePlan::snapshot)
                    .contains(plan.snapshot());
            other.capture().release(copy, new Cancellation());
        }

        assertNotListed(plan);
        assertFails(Kind.NOT_FOUND, () -> capture().open(plan, root(plan)));
    }

    @Test
    void aHoldOutlivesItsConnection() {
        String name = newInstance();
        CapturePlan plan = plan(name);

        try (Hypervisor other = lab().connect()) {
            other.capture().begin(plan);
        }

        begin(plan);
        assertThat(digests(plan)).hasSameSizeAs(plan.disks());
    }

    @Test
    void listsWhatIsHeldWithAllThatAReleaseNeeds() {
        String name = newInstance();
        CapturePlan plan = plan(name);
        begin(plan);

        CapturePlan found = capture().listHeld().stream()
                .filter(held -> held.snapshot().equals(plan.snapshot()))
                .findFirst()
                .orElseThrow();

        assertThat(found.instance()).isEqualTo(plan.instance());
        assertThat(found.disks())
                .extracting(CapturePlan.Disk::device)
                .containsExactlyInAnyOrderElementsOf(
                        plan.disks().stream().map(CapturePlan.Disk::device).toList());
        release(found);
        assertNotListed(plan);
        assertThat(lab().leftovers(name)).isEmpty();
    }

    @Test
    void openOfWhatIsNotHeldIsNotFound() {
        String name = newInstance();
        CapturePlan plan = plan(name);

        assertFails(Kind.NOT_FOUND, () -> capture().open(plan, root(plan)));
        begin(plan);
        assertFails(Kind.NOT_FOUND, root(plan), () -> capture().open(plan, "nosuchdisk"));
        release(plan);
        assertFails(Kind.NOT_FOUND, () -> capture().open(plan, root(plan)));
    }

    @Test
    void releaseOfWhatWasNeverBegunIsSuccess() {
        String name = newInstance();
        InstanceState before = observe(name);

        release(plan(name));

        assertThat(observe(name)).isEqualTo(before);
        assertThat(lab().leftovers(name)).isEmpty();
    }

    @Test
    void releaseLeavesNothingBehindAndIsIdempotent() {
        String name = newInstance();
        InstanceState before = observe(name);
        CapturePlan plan = plan(name);
        begin(plan);

        release(plan);
        release(plan);

        assertThat(observe(name).disks()).isEqualTo(before.disks());
        assertThat(observe(name).power()).isEqualTo(before.power());
        assertThat(lab().leftovers(name)).isEmpty();
        assertNotListed(plan);
    }

    @Test
    void aCancelledReleaseIsStillOwed() {
        String name = newInstance();
        CapturePlan plan = plan(name);
        begin(plan);
        Cancellation cancelled = new Cancellation();
        cancelled.cancel("the test says so");

        assertFails(Kind.CANCELLED, () -> capture().release(plan, cancelled));

        assertThat(capture().listHeld()).extracting(CapturePlan::snapshot).contains(plan.snapshot());
        release(plan);
        assertThat(lab().leftovers(name)).isEmpty();
    }

    @Test
    void aCaptureCanFollowAnother() {
        String name = newInstance();
        CapturePlan first = plan(name);
        begin(first);
        Map<String, String> content = digests(first);
        release(first);

        CapturePlan second = plan(name);
        begin(second);

        assertThat(digests(second)).isEqualTo(content);
    }

    @Test
    void heldContentStaysWhileTheInstanceIsPoweredOnAndItsGuestWrites() {
        assumeAbility(HypervisorLab.Ability.GUEST);
        assumeFeature(Feature.POWER);
        String name = newInstance();
        List<InstanceDisk> disks = observe(name).disks();
        CapturePlan plan = plan(name);
        begin(plan);
        Map<String, String> content = digests(plan);

        driver().powerOn(plan.instance());
        lab().awaitGuest(name);
        lab().writeInGuest(name);

        assertThat(digests(plan)).isEqualTo(content);
        InstanceState running = observe(name);
        release(plan);
        InstanceState released = observe(name);
        assertThat(released.power()).isEqualTo(PowerState.RUNNING);
        assertThat(released.boot()).as("the guest was not disturbed").isEqualTo(running.boot());
        assertThat(released.disks()).isEqualTo(disks);
        assertThat(lab().leftovers(name)).isEmpty();
        lab().assertWritesKept(name);
    }

    @Test
    void holdsOneMomentOfARunningInstance() {
        assumeAbility(HypervisorLab.Ability.GUEST);
        String name = bootedInstance();
        lab().writeInGuest(name);
        InstanceState running = observe(name);
        CapturePlan plan = plan(name);

        begin(plan);

        assertThat(observe(name).boot()).as("the guest was not disturbed").isEqualTo(running.boot());
        Map<String, String> content = digests(plan);
        assertOneMoment(name, plan);
        lab().writeInGuest(name);
        assertThat(digests(plan)).isEqualTo(content);
        assertOneMoment(name, plan);
        release(plan);
        assertThat(observe(name).disks()).isEqualTo(running.disks());
        assertThat(observe(name).boot()).isEqualTo(running.boot());
        assertThat(lab().leftovers(name)).isEmpty();
        lab().assertWritesKept(name);
    }

    @Test
    void laterCaptureHoldsWhatWasWrittenDuringTheOneBefore() {
        assumeAbility(HypervisorLab.Ability.GUEST);
        String name = bootedInstance();
        CapturePlan first = plan(name);
        begin(first);
        Map<String, String> content = digests(first);
        lab().writeInGuest(name);
        release(first);

        CapturePlan second = plan(name);
        begin(second);

        Map<String, String> later = digests(second);
        content.forEach((device, digest) ->
                assertThat(later.get(device)).as("content of %s", device).isNotEqualTo(digest));
        assertOneMoment(name, second);
    }

    @Test
    void releaseMergesOfflineWhatARunningGuestWroteBeforeItStopped() {
        assumeAbility(HypervisorLab.Ability.GUEST);
        assumeFeature(Feature.POWER);
        String name = bootedInstance();
        List<InstanceDisk> disks = observe(name).disks();
        CapturePlan plan = plan(name);
        begin(plan);
        lab().writeInGuest(name);
        driver().forceOff(plan.instance());
        awaitPower(name, PowerState.OFF);

        release(plan);

        InstanceState released = observe(name);
        assertThat(released.power()).isEqualTo(PowerState.OFF);
        assertThat(released.disks()).isEqualTo(disks);
        assertThat(lab().leftovers(name)).isEmpty();
        lab().assertWritesKept(name);
    }

    private CapturePlan plan(String name) {
        return capture().plan(newSnapshot(), observe(name), DiskSelection.all());
    }

    private static SnapshotId newSnapshot() {
        return SnapshotId.create(Instant.now());
    }

    private void assertNotListed(CapturePlan plan) {
        assertThat(capture().listHeld()).extracting(CapturePlan::snapshot).doesNotContain(plan.snapshot());
    }

    private Map<String, String> digests(CapturePlan plan) {
        Map<String, String> digests = new LinkedHashMap<>();
        plan.disks()
                .forEach(disk -> withDisk(plan, disk.device(), held -> digests.put(disk.device(), Disks.digest(held))));
        return digests;
    }

    private void assertOneMoment(String name, CapturePlan plan) {
        Map<String, BlockSource> disks = new LinkedHashMap<>();
        try {
            plan.disks().forEach(disk -> disks.put(disk.device(), capture().open(plan, disk.device())));
            lab().assertOneMoment(name, disks);
        } finally {
            disks.values().forEach(BlockSource::close);
        }
    }

    private static String root(CapturePlan plan) {
        return plan.disks().stream()
                .filter(disk -> disk.role() == DiskRole.ROOT)
                .findFirst()
                .orElseThrow()
                .device();
    }

    private static String device(InstanceState instance, DiskRole role) {
        return instance.disks().stream()
                .filter(disk -> disk.role() == role)
                .findFirst()
                .orElseThrow()
                .device();
    }
}
