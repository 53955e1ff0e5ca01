package io.stillframe.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import io.stillframe.model.ByteRange;
import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.LaunchRequest.Start;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.HypervisorDriver.Feature;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import io.stillframe.spi.PowerState;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What every {@link io.stillframe.spi.HypervisorDriver} keeps about launches. The launched disks hold a pattern and no guest, and are
 * read back through the hypervisor's own capture. Subclass it, give it a {@link HypervisorLab}, and pass.
 */
public abstract class LaunchContract extends HypervisorContract {
    private static final long MIB = 1 << 20;

    /** The launched root disk's size: not the original's. */
    private static final long ROOT_SIZE = 12 * MIB;

    private static final long DATA_SIZE = 3 * MIB;

    private static final int PATTERN = 4096;

    /** Where the pattern lies; the rest is zeros. */
    private static final List<Long> WRITTEN = List.of(0L, 5 * MIB + 512, ROOT_SIZE - PATTERN);

    @Test
    void withoutTheFeatureItsCallsAreUnsupported() {
        assumeNoFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        LaunchSpec spec =
                new LaunchSpec(lab().newName(), original.definition(), List.of(rootOf(original)), Start.DEFINED_ONLY);
        LaunchPlan plan = new LaunchPlan(spec.name(), "");
        assertFails(Kind.UNSUPPORTED, () -> driver().planLaunch(spec));
        assertFails(Kind.UNSUPPORTED, () -> driver().createDisk(plan, "vda").close());
        assertFails(Kind.UNSUPPORTED, () -> driver().completeLaunch(plan));
        assertFails(Kind.UNSUPPORTED, () -> driver().discardLaunch(plan));
    }

    @Test
    void planHasNoEffect() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        String name = lab().newName();

        plan(name, original);
        LaunchPlan second = plan(name, original);

        assertFails(Kind.NOT_FOUND, () -> observe(name));
        assertThat(second.name()).isEqualTo(name);
        assertThat(observe(original.name())).isEqualTo(original);
    }

    @Test
    void aNameThatIsTakenIsAConflict() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());

        assertFails(Kind.CONFLICT, original.name(), () -> plan(original.name(), original));
    }

    @Test
    void launchesANewInstanceWithTheWrittenDisks() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        LaunchPlan plan = plan(lab().newName(), original);
        fill(plan, root(original), 1);
        fill(plan, data(original), 2);

        LaunchedInstance launched = driver().completeLaunch(plan);

        InstanceState state = observe(plan.name());
        assertThat(state.id()).isEqualTo(launched.id()).isNotEqualTo(original.id());
        assertThat(state.power()).isEqualTo(PowerState.OFF);
        assertThat(state.persistence()).isEqualTo(InstanceState.Persistence.PERSISTENT);
        assertThat(state.disks()).hasSize(2);
        assertDisk(state.disks().get(0), root(original), DiskRole.ROOT, ROOT_SIZE);
        assertDisk(state.disks().get(1), data(original), DiskRole.DATA, DATA_SIZE);
        assertHolds(state, root(original), 1);
        assertHolds(state, data(original), 2);
        assertThat(launched.disks())
                .extracting(LaunchedInstance.Disk::device, LaunchedInstance.Disk::virtualSize)
                .containsExactlyElementsOf(state.disks().stream()
                        .map(disk -> tuple(disk.device(), disk.virtualSize()))
                        .toList());
    }

    @Test
    void theOriginalIsNotTouched() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        String before = digest(original, root(original));

        launch(plan(lab().newName(), original), original);

        assertThat(observe(original.name())).isEqualTo(original);
        assertThat(digest(original, root(original))).isEqualTo(before);
    }

    @Test
    void disksThatAreNotAskedForAreLeftOut() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        LaunchPlan plan = driver().planLaunch(new LaunchSpec(
                lab().newName(), original.definition(), List.of(rootOf(original)), Start.DEFINED_ONLY));
        fill(plan, root(original), 1);

        driver().completeLaunch(plan);

        assertThat(observe(plan.name()).disks())
                .extracting(InstanceDisk::device)
                .containsExactly(root(original));
    }

    @Test
    void twoLaunchesFromOneDefinitionShareNothing() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        LaunchPlan first = plan(lab().newName(), original);
        LaunchPlan second = plan(lab().newName(), original);

        LaunchedInstance one = launch(first, original);
        LaunchedInstance two = launch(second, original);

        assertThat(one.id()).isNotEqualTo(two.id());
        assertThat(one.disks())
                .extracting(LaunchedInstance.Disk::location)
                .doesNotContainAnyElementsOf(two.disks().stream()
                        .map(LaunchedInstance.Disk::location)
                        .toList());
    }

    @Test
    void aLaunchCanBeStarted() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        LaunchSpec spec =
                new LaunchSpec(lab().newName(), original.definition(), List.of(rootOf(original)), Start.STARTED);
        if (driver().features().contains(Feature.POWER)) {
            LaunchPlan plan = driver().planLaunch(spec);
            fill(plan, root(original), 1);
            driver().completeLaunch(plan);
            assertThat(observe(plan.name()).power()).isEqualTo(PowerState.RUNNING);
        } else {
            assertFails(Kind.UNSUPPORTED, () -> driver().planLaunch(spec));
        }
    }

    @Test
    void everyStepCanBeTheWorkOfAnotherConnection() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        LaunchPlan plan = plan(lab().newName(), original);
        fill(plan, root(original), 1);
        fill(plan, data(original), 2);
        LaunchPlan copy = new LaunchPlan(plan.name(), plan.state());

        try (Hypervisor other = lab().connect()) {
            other.driver().completeLaunch(copy);
        }

        assertHolds(observe(plan.name()), root(original), 1);
    }

    @Test
    void completingTwiceIsOneInstance() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        LaunchPlan plan = plan(lab().newName(), original);
        LaunchedInstance first = launch(plan, original);

        LaunchedInstance second = driver().completeLaunch(plan);

        assertThat(second).isEqualTo(first);
        assertHolds(observe(plan.name()), root(original), 1);
    }

    @Test
    void aDiskThatIsCreatedAgainStartsEmpty() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        LaunchPlan plan = plan(lab().newName(), original);
        fill(plan, root(original), 7);
        try (BlockTarget abandoned = driver().createDisk(plan, data(original))) {
            abandoned.write(0, pattern(8));
        }

        launch(plan, original);

        assertHolds(observe(plan.name()), root(original), 1);
        assertHolds(observe(plan.name()), data(original), 2);
    }

    @Test
    void aDiskThatIsNotPlannedIsNotFound() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        LaunchPlan plan = plan(lab().newName(), original);

        assertFails(
                Kind.NOT_FOUND,
                root(original),
                () -> driver().createDisk(plan, "nosuchdisk").close());
    }

    @Test
    void writesBeyondTheDiskAreInvalid() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        LaunchPlan plan = plan(lab().newName(), original);

        try (BlockTarget disk = driver().createDisk(plan, root(original))) {
            assertThat(disk.size()).isEqualTo(ROOT_SIZE);
            assertFails(Kind.INVALID, () -> disk.write(ROOT_SIZE - 1, ByteBuffer.allocate(2)));
            disk.write(ROOT_SIZE - 1, ByteBuffer.allocate(1));
        }
        driver().discardLaunch(plan);
    }

    @Test
    void discardRemovesWhatWasMadeAndTheNameIsFreeAgain() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        LaunchPlan plan = plan(lab().newName(), original);
        fill(plan, root(original), 1);
        BlockTarget halfFilled = driver().createDisk(plan, data(original));
        halfFilled.write(0, pattern(3));
        halfFilled.close();

        driver().discardLaunch(plan);
        driver().discardLaunch(plan);

        assertFails(Kind.NOT_FOUND, () -> observe(plan.name()));
        assertThat(lab().leftovers(plan.name())).isEmpty();
        assertThat(observe(original.name())).isEqualTo(original);
        launch(plan(plan.name(), original), original);
    }

    @Test
    void discardOfWhatWasOnlyPlannedIsSuccess() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());

        driver().discardLaunch(plan(lab().newName(), original));

        assertThat(observe(original.name())).isEqualTo(original);
    }

    @Test
    void discardLeavesACompletedInstanceAlone() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        LaunchPlan plan = plan(lab().newName(), original);
        launch(plan, original);
        InstanceState launched = observe(plan.name());

        driver().discardLaunch(plan);

        assertThat(observe(plan.name())).isEqualTo(launched);
        assertHolds(launched, root(original), 1);
    }

    @Test
    void theLaterOfTwoLaunchesUnderOneNameIsAConflictAndLeavesTheFirstAlone() {
        assumeFeature(Feature.LAUNCH);
        InstanceState original = observe(newInstance());
        String name = lab().newName();
        LaunchPlan first = plan(name, original);
        LaunchPlan second = plan(name, original);
        fill(second, root(original), 5);
        fill(second, data(original), 6);
        launch(first, original);
        InstanceState launched = observe(name);

        assertFails(Kind.CONFLICT, name, () -> driver().completeLaunch(second));
        driver().discardLaunch(second);

        assertThat(observe(name)).isEqualTo(launched);
        assertHolds(launched, root(original), 1);
        assertThat(lab().leftovers(name)).isEmpty();
    }

    private LaunchPlan plan(String name, InstanceState original) {
        return driver().planLaunch(new LaunchSpec(
                name,
                original.definition(),
                List.of(rootOf(original), new LaunchSpec.Disk(data(original), DiskRole.DATA, DATA_SIZE)),
                Start.DEFINED_ONLY));
    }

    private LaunchedInstance launch(LaunchPlan plan, InstanceState original) {
        fill(plan, root(original), 1);
        fill(plan, data(original), 2);
        return driver().completeLaunch(plan);
    }

    private void fill(LaunchPlan plan, String device, int seed) {
        try (BlockTarget disk = driver().createDisk(plan, device)) {
            for (long position : WRITTEN) {
                if (position < disk.size()) {
                    disk.write(position, pattern(seed));
                }
            }
            disk.finish();
        }
    }

    private void assertHolds(InstanceState instance, String device, int seed) {
        CapturePlan plan = holdRead(instance);
        withDisk(plan, device, held -> {
            ByteBuffer expected = expected(held.size(), seed);
            assertThat(Disks.read(held, new ByteRange(0, held.size())).mismatch(expected))
                    .as("first difference of %s from what was written", device)
                    .isEqualTo(-1);
        });
        release(plan);
    }

    private static ByteBuffer expected(long size, int seed) {
        ByteBuffer whole = ByteBuffer.allocate((int) size);
        WRITTEN.stream()
                .filter(position -> position < size)
                .forEach(position -> whole.put(position.intValue(), pattern(seed), 0, PATTERN));
        return whole;
    }

    private String digest(InstanceState instance, String device) {
        CapturePlan plan = holdRead(instance);
        StringBuilder digest = new StringBuilder();
        withDisk(plan, device, held -> digest.append(Disks.digest(held)));
        release(plan);
        return digest.toString();
    }

    private CapturePlan holdRead(InstanceState instance) {
        CapturePlan plan = capture().plan(SnapshotId.create(Instant.now()), instance, DiskSelection.all());
        begin(plan);
        return plan;
    }

    private static void assertDisk(InstanceDisk disk, String device, DiskRole role, long size) {
        assertThat(disk.device()).isEqualTo(device);
        assertThat(disk.role()).isEqualTo(role);
        assertThat(disk.virtualSize()).isEqualTo(size);
    }

    private static ByteBuffer pattern(int seed) {
        byte[] bytes = new byte[PATTERN];
        new Random(seed).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    private static LaunchSpec.Disk rootOf(InstanceState original) {
        return new LaunchSpec.Disk(root(original), DiskRole.ROOT, ROOT_SIZE);
    }

    private static String root(InstanceState instance) {
        return device(instance, DiskRole.ROOT);
    }

    private static String data(InstanceState instance) {
        return device(instance, DiskRole.DATA);
    }

    private static String device(InstanceState instance, DiskRole role) {
        return instance.disks().stream()
                .filter(disk -> disk.role() == role)
                .findFirst()
                .orElseThrow()
                .device();
    }
}
