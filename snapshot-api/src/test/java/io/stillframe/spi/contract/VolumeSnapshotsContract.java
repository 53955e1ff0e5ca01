package io.stillframe.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.stillframe.model.ByteRange;
import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.LaunchRequest.Start;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver.Feature;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.VolumeSnapshot;
import io.stillframe.spi.VolumeSnapshots;
import io.stillframe.spi.VolumeSnapshots.DependentsPolicy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link VolumeSnapshots} keeps. Subclass it, give it a {@link HypervisorLab} whose instances' disks are volumes, and pass.
 */
public abstract class VolumeSnapshotsContract extends HypervisorContract {
    private static final int BLOCK = 64 << 10;

    private final List<VolumeSnapshot> made = new ArrayList<>();
    private final List<LaunchPlan> launches = new ArrayList<>();

    @AfterEach
    final void removeAll() {
        launches.forEach(plan -> driver().discardLaunch(plan));
        made.forEach(kept -> volumes().remove(kept, DependentsPolicy.FLATTEN, new Cancellation()));
    }

    @Test
    void whatIsKeptIsHeldNoMoreAndAReleaseLeavesIt() {
        CapturePlan plan = begun(newInstance());
        Map<String, String> held = digests(plan);

        VolumeSnapshot kept = keep(plan);
        release(plan);

        assertThat(kept.snapshot()).isEqualTo(plan.snapshot());
        assertThat(kept.instance()).isEqualTo(plan.instance());
        assertThat(kept.disks()).isEqualTo(plan.disks());
        assertThat(capture().listHeld()).extracting(CapturePlan::snapshot).doesNotContain(plan.snapshot());
        assertThat(volumes().listKept()).extracting(VolumeSnapshot::snapshot).contains(plan.snapshot());
        assertFails(Kind.NOT_FOUND, () -> capture().open(plan, root(kept)));
        assertThat(digests(kept)).isEqualTo(held);
    }

    @Test
    void whatIsPlannedIsWhatIsKept() {
        CapturePlan plan = begun(newInstance());
        VolumeSnapshot planned = volumes().planKeep(plan);

        volumes().remove(planned, DependentsPolicy.REFUSE, new Cancellation());
        assertThat(volumes().reaches(planned)).as("nothing is kept yet").isFalse();
        assertThat(capture().listHeld()).extracting(CapturePlan::snapshot).contains(plan.snapshot());

        assertThat(keep(plan)).isEqualTo(planned);
        assertThat(volumes().reaches(planned)).isTrue();
        assertThat(planned.disks())
                .extracting(disk -> volumes().location(planned, disk.device()))
                .doesNotHaveDuplicates()
                .allSatisfy(location ->
                        assertThat(location).contains(plan.snapshot().value()));
    }

    @Test
    void keepingTwiceIsKeepingOnce() {
        CapturePlan plan = begun(newInstance());

        VolumeSnapshot first = keep(plan);
        VolumeSnapshot second = keep(plan);

        assertThat(second).isEqualTo(first);
    }

    @Test
    void whatIsNotHeldCannotBeKept() {
        CapturePlan plan = plan(newInstance());

        assertThat(volumes().canKeep(plan)).isTrue();
        assertFails(Kind.NOT_FOUND, () -> volumes().keep(plan));
    }

    @Test
    void anotherConnectionReadsAndRemovesACopy() {
        VolumeSnapshot kept = keep(begun(newInstance()));
        Map<String, String> expected = digests(kept);
        VolumeSnapshot copy = new VolumeSnapshot(
                new SnapshotId(kept.snapshot().value()), kept.instance(), List.copyOf(kept.disks()), kept.state());

        try (Hypervisor other = lab().connect()) {
            VolumeSnapshots volumes = other.volumes().orElseThrow();
            try (BlockSource disk = volumes.open(copy, root(copy))) {
                assertThat(Disks.digest(disk)).isEqualTo(expected.get(root(copy)));
            }
            volumes.remove(copy, DependentsPolicy.REFUSE, new Cancellation());
        }

        assertFails(Kind.NOT_FOUND, () -> volumes().open(kept, root(kept)));
        assertThat(volumes().listKept()).extracting(VolumeSnapshot::snapshot).doesNotContain(kept.snapshot());
    }

    @Test
    void whatIsListedCanBeRemoved() {
        String name = newInstance();
        InstanceState before = observe(name);
        VolumeSnapshot kept = keep(begun(name));
        VolumeSnapshot found = volumes().listKept().stream()
                .filter(each -> each.snapshot().equals(kept.snapshot()))
                .findFirst()
                .orElseThrow();

        volumes().remove(found, DependentsPolicy.REFUSE, new Cancellation());

        assertThat(found.disks()).containsExactlyInAnyOrderElementsOf(kept.disks());
        assertThat(observe(name)).isEqualTo(before);
        assertThat(lab().leftovers(name)).isEmpty();
    }

    @Test
    void removingTwiceIsRemovingOnce() {
        VolumeSnapshot kept = keep(begun(newInstance()));

        volumes().remove(kept, DependentsPolicy.REFUSE, new Cancellation());

        assertThatCode(() -> volumes().remove(kept, DependentsPolicy.REFUSE, new Cancellation()))
                .doesNotThrowAnyException();
        assertThat(volumes().dependents(kept)).isEmpty();
        assertFails(Kind.NOT_FOUND, () -> volumes().open(kept, root(kept)));
    }

    @Test
    void changesTellWhereTheGuestWroteAndNothingIsOutsideOfThem() {
        assumeAbility(HypervisorLab.Ability.GUEST);
        String name = bootedInstance();
        VolumeSnapshot first = keep(begun(name));
        Map<String, String> before = digests(first);
        lab().writeInGuest(name);
        VolumeSnapshot second = keep(begun(name));

        assertThat(digests(first)).as("what was kept stays").isEqualTo(before);
        for (CapturePlan.Disk disk : second.disks()) {
            List<ByteRange> changes = volumes().changes(second, first, disk.device());
            assertThat(changes).isNotEmpty();
            assertAscending(changes, disk.virtualSize());
            assertSameOutside(changes, first, second, disk.device());
            assertThat(volumes().changes(first, first, disk.device())).isEmpty();
        }
        driver().forceOff(first.instance());
        awaitPower(name, PowerState.OFF);
    }

    @Test
    void changesSinceWhatIsGoneAreNotFound() {
        String name = newInstance();
        VolumeSnapshot first = keep(begun(name));
        VolumeSnapshot second = keep(begun(name));
        volumes().remove(first, DependentsPolicy.REFUSE, new Cancellation());

        assertFails(Kind.NOT_FOUND, () -> volumes().changes(second, first, root(second)));
    }

    @Test
    void aCloneHoldsWhatWasKeptAndTheOriginalIsNotTouched() {
        assumeFeature(Feature.LAUNCH);
        String name = newInstance();
        InstanceState original = observe(name);
        VolumeSnapshot kept = keep(begun(name));

        String copy = launch(kept, original, 0);

        assertThat(observe(name)).isEqualTo(original);
        assertThat(rootDigest(copy)).isEqualTo(digests(kept).get(root(kept)));
        assertThat(observe(copy).disks())
                .singleElement()
                .satisfies(disk -> assertThat(disk.virtualSize()).isEqualTo(rootSize(kept)));
    }

    @Test
    void aCloneIsAsLargeAsAskedFor() {
        assumeFeature(Feature.LAUNCH);
        String name = newInstance();
        InstanceState original = observe(name);
        VolumeSnapshot kept = keep(begun(name));

        String copy = launch(kept, original, 1 << 20);

        assertThat(observe(copy).disks())
                .singleElement()
                .satisfies(disk -> assertThat(disk.virtualSize()).isEqualTo(rootSize(kept) + (1 << 20)));
        assertFails(Kind.INVALID, () -> planClone(kept, original, -512));
    }

    @Test
    void whatIsStillNeededIsRefusedByNameOrFlattened() {
        assumeFeature(Feature.LAUNCH);
        String name = newInstance();
        InstanceState original = observe(name);
        VolumeSnapshot kept = keep(begun(name));
        String expected = digests(kept).get(root(kept));
        String copy = launch(kept, original, 0);

        List<VolumeSnapshots.Dependent> dependents = volumes().dependents(kept);
        assertThat(dependents).singleElement().satisfies(dependent -> {
            assertThat(dependent.device()).isEqualTo(root(kept));
            assertFails(
                    Kind.CONFLICT,
                    dependent.volume(),
                    () -> volumes().remove(kept, DependentsPolicy.REFUSE, new Cancellation()));
        });
        assertThat(digests(kept)).containsEntry(root(kept), expected);

        volumes().remove(kept, DependentsPolicy.FLATTEN, new Cancellation());

        assertThat(volumes().dependents(kept)).isEmpty();
        assertThat(rootDigest(copy)).isEqualTo(expected);
        assertFails(Kind.NOT_FOUND, () -> volumes().open(kept, root(kept)));
    }

    @Test
    void aDiscardedCloneLeavesNothing() {
        assumeFeature(Feature.LAUNCH);
        String name = newInstance();
        VolumeSnapshot kept = keep(begun(name));
        LaunchPlan plan = planClone(kept, observe(name), 0);
        volumes().cloneDisks(plan);
        volumes().cloneDisks(plan);

        driver().discardLaunch(plan);

        assertThat(volumes().dependents(kept)).isEmpty();
        volumes().remove(kept, DependentsPolicy.REFUSE, new Cancellation());
        assertThat(lab().leftovers(name)).isEmpty();
    }

    @Test
    void aRemovalThatIsCancelledCanBeAskedForAgain() {
        VolumeSnapshot kept = keep(begun(newInstance()));
        Cancellation cancelled = new Cancellation();
        cancelled.cancel("the test says so");

        assertFails(Kind.CANCELLED, () -> volumes().remove(kept, DependentsPolicy.FLATTEN, cancelled));

        volumes().remove(kept, DependentsPolicy.FLATTEN, new Cancellation());
        assertThat(volumes().listKept()).extracting(VolumeSnapshot::snapshot).doesNotContain(kept.snapshot());
    }

    // ---- what the tests share ----

    private VolumeSnapshots volumes() {
        return hypervisor().volumes().orElseThrow();
    }

    private CapturePlan plan(String name) {
        return capture().plan(SnapshotId.create(Instant.now()), observe(name), DiskSelection.all());
    }

    private CapturePlan begun(String name) {
        CapturePlan plan = plan(name);
        begin(plan);
        return plan;
    }

    private VolumeSnapshot keep(CapturePlan plan) {
        VolumeSnapshot kept = volumes().keep(plan);
        made.add(kept);
        return kept;
    }

    private LaunchPlan planClone(VolumeSnapshot kept, InstanceState original, long more) {
        LaunchPlan plan = volumes()
                .planClone(
                        new LaunchSpec(
                                lab().newName(),
                                original.definition(),
                                List.of(new LaunchSpec.Disk(root(kept), DiskRole.ROOT, rootSize(kept) + more)),
                                Start.DEFINED_ONLY),
                        kept);
        launches.add(plan);
        return plan;
    }

    private String launch(VolumeSnapshot kept, InstanceState original, long more) {
        LaunchPlan plan = planClone(kept, original, more);
        volumes().cloneDisks(plan);
        driver().completeLaunch(plan);
        return plan.name();
    }

    private String rootDigest(String name) {
        CapturePlan plan = begun(name);
        try {
            return digests(plan).get(plan.disks().get(0).device());
        } finally {
            release(plan);
        }
    }

    private Map<String, String> digests(CapturePlan plan) {
        Map<String, String> digests = new LinkedHashMap<>();
        plan.disks()
                .forEach(disk -> withDisk(plan, disk.device(), held -> digests.put(disk.device(), Disks.digest(held))));
        return digests;
    }

    private Map<String, String> digests(VolumeSnapshot kept) {
        Map<String, String> digests = new LinkedHashMap<>();
        for (CapturePlan.Disk disk : kept.disks()) {
            try (BlockSource source = volumes().open(kept, disk.device())) {
                digests.put(disk.device(), Disks.digest(source));
            }
        }
        return digests;
    }

    private void assertSameOutside(
            List<ByteRange> changes, VolumeSnapshot first, VolumeSnapshot second, String device) {
        try (BlockSource before = volumes().open(first, device);
                BlockSource after = volumes().open(second, device)) {
            long at = 0;
            for (ByteRange change : changes) {
                assertSame(before, after, new ByteRange(at, change.start()));
                at = change.end();
            }
            assertSame(before, after, new ByteRange(at, after.size()));
        }
    }

    private static void assertSame(BlockSource before, BlockSource after, ByteRange range) {
        for (long start = range.start(); start < range.end(); start += BLOCK) {
            ByteRange block = new ByteRange(start, Math.min(range.end(), start + BLOCK));
            assertThat(Disks.read(before, block).mismatch(Disks.read(after, block)))
                    .as("first difference outside of the changes, in %s", block)
                    .isEqualTo(-1);
        }
    }

    private static void assertAscending(List<ByteRange> ranges, long size) {
        long at = 0;
        for (ByteRange range : ranges) {
            assertThat(range.start()).isGreaterThanOrEqualTo(at);
            assertThat(range.isEmpty()).isFalse();
            at = range.end();
        }
        assertThat(at).isLessThanOrEqualTo(size);
    }

    private static String root(VolumeSnapshot kept) {
        return rootDisk(kept).device();
    }

    private static long rootSize(VolumeSnapshot kept) {
        return rootDisk(kept).virtualSize();
    }

    private static CapturePlan.Disk rootDisk(VolumeSnapshot kept) {
        return kept.disks().stream()
                .filter(disk -> disk.role() == DiskRole.ROOT)
                .findFirst()
                .orElseThrow();
    }
}
