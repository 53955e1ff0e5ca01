package io.stillframe.hypervisor;

import io.stillframe.model.InstanceId;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.Names;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.FreezeOutcome;
import io.stillframe.spi.HypervisorDriver;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import io.stillframe.spi.PowerState;
import io.stillframe.spi.StopCause;
import io.stillframe.spi.Subscription;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Instances that are always off. */
final class ImageDirectoryDriver implements HypervisorDriver {
    private final ImageDirectory directory;

    ImageDirectoryDriver(ImageDirectory directory) {
        this.directory = directory;
    }

    @Override
    public Set<Feature> features() {
        return Set.of(Feature.LAUNCH);
    }

    @Override
    public InstanceState observe(String nameOrId) {
        InstanceFile instance = directory.find(nameOrId);
        return new InstanceState(
                instance.id(),
                instance.name(),
                PowerState.OFF,
                Optional.empty(),
                Optional.of(StopCause.UNKNOWN),
                InstanceState.Persistence.PERSISTENT,
                disks(directory, instance),
                instance.toJson());
    }

    static List<InstanceDisk> disks(ImageDirectory directory, InstanceFile instance) {
        return instance.disks().stream()
                .map(disk -> {
                    List<ImageLayer> layers = directory.layers(instance, disk);
                    try (BlockSource content = ImageDirectory.open(layers)) {
                        return new InstanceDisk(disk.device(), disk.role(), content.size(), layers);
                    }
                })
                .toList();
    }

    @Override
    public void requestShutdown(InstanceId instance) {
        throw alwaysOff("be asked to shut down");
    }

    @Override
    public void forceOff(InstanceId instance) {
        throw alwaysOff("be forced off");
    }

    @Override
    public void powerOn(InstanceId instance) {
        throw alwaysOff("be powered on");
    }

    @Override
    public FreezeOutcome freeze(InstanceId instance, Duration deadline) {
        throw alwaysOff("be frozen");
    }

    @Override
    public void thaw(InstanceId instance) {
        throw alwaysOff("be thawed");
    }

    @Override
    public Subscription watch(InstanceId instance, Runnable onChange) {
        throw alwaysOff("be watched");
    }

    @Override
    public LaunchPlan planLaunch(LaunchSpec spec) {
        if (spec.start() == LaunchRequest.Start.STARTED) {
            throw alwaysOff("be started; ask for a launch that only defines");
        }
        checkDisks(spec.disks());
        directory.checkNameFree(spec.name());
        return new LaunchPlan(spec.name(), new ImageLaunchState(UUID.randomUUID(), spec.disks()).toJson());
    }

    @Override
    public BlockTarget createDisk(LaunchPlan plan, String device) {
        ImageLaunchState state = ImageLaunchState.parse(plan.state());
        LaunchSpec.Disk disk = state.disk(device);
        return new StagedDisk(
                directory.child(state.stagedName()).resolve(ImageLaunchState.fileName(device)), disk.size());
    }

    @Override
    public LaunchedInstance completeLaunch(LaunchPlan plan) {
        ImageLaunchState state = ImageLaunchState.parse(plan.state());
        InstanceFile instance = state.toInstance(plan.name());
        boolean complete = directory
                .findByName(plan.name())
                .filter(existing -> existing.id().equals(instance.id()))
                .isPresent();
        if (!complete) {
            directory.checkNameFree(plan.name());
            Path staged = directory.child(state.stagedName());
            state.disks().forEach(disk -> checkFilled(staged, disk));
            ImageDirectory.writeText(staged.resolve(ImageDirectory.INSTANCE_FILE), instance.toJson());
            directory.publish(staged, plan.name());
        }
        return launched(instance, state);
    }

    @Override
    public void discardLaunch(LaunchPlan plan) {
        ImageDirectory.remove(
                directory.child(ImageLaunchState.parse(plan.state()).stagedName()));
    }

    private LaunchedInstance launched(InstanceFile instance, ImageLaunchState state) {
        Path home = directory.instance(instance.name());
        return new LaunchedInstance(
                instance.id(),
                instance.name(),
                state.disks().stream()
                        .map(disk -> new LaunchedInstance.Disk(
                                disk.device(),
                                home.resolve(ImageLaunchState.fileName(disk.device()))
                                        .toString(),
                                "raw",
                                disk.size()))
                        .toList());
    }

    private static void checkFilled(Path staged, LaunchSpec.Disk disk) {
        Path file = staged.resolve(ImageLaunchState.fileName(disk.device()));
        try {
            if (Files.size(file) == disk.size()) {
                return;
            }
        } catch (IOException e) {
            throw new SnapshotException(
                    SnapshotException.Kind.INVALID,
                    "disk " + disk.device() + " of the launch was not created and filled to its end",
                    e);
        }
        throw SnapshotException.invalid("disk " + disk.device() + " of the launch has not its " + disk.size()
                + " bytes; create and fill it again");
    }

    private static void checkDisks(List<LaunchSpec.Disk> disks) {
        if (disks.isEmpty()
                || disks.stream().map(LaunchSpec.Disk::device).distinct().count() != disks.size()) {
            throw SnapshotException.invalid("a launch needs at least one disk and none twice");
        }
        for (LaunchSpec.Disk disk : disks) {
            Names.device(disk.device());
            if (disk.size() <= 0) {
                throw SnapshotException.invalid(
                        "disk " + disk.device() + " needs more than 0 bytes, got " + disk.size());
            }
        }
    }

    private static SnapshotException alwaysOff(String what) {
        return SnapshotException.unsupported(
                "instances of an image directory are disk images at rest and cannot " + what);
    }
}
