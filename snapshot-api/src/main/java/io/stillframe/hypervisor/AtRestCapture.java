package io.stillframe.hypervisor;

import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Holds points in time of disk images at rest: nothing is copied or redirected. The hold is a file that records by what the images are
 * recognised as not changed; whoever reads a disk looks again after each read, so that a changed image is a CONFLICT before a wrong
 * byte counts.
 */
final class AtRestCapture implements DiskCapture {
    private static final String SUFFIX = ".json";

    private final ImageDirectory directory;
    private final Path holds;

    AtRestCapture(ImageDirectory directory) {
        this.directory = directory;
        this.holds = directory.child(".held");
    }

    @Override
    public String name() {
        return "at-rest";
    }

    @Override
    public CapturePlan plan(SnapshotId snapshot, InstanceState instance, DiskSelection disks) {
        InstanceFile file = directory.find(instance.id());
        List<InstanceDisk> selected = select(ImageDirectoryDriver.disks(directory, file), disks);
        AtRestState state = new AtRestState(selected.stream()
                .map(disk -> new AtRestState.Disk(disk.device(), disk.chain()))
                .toList());
        List<CapturePlan.Disk> planned = selected.stream()
                .map(disk -> new CapturePlan.Disk(disk.device(), disk.role(), disk.format(), disk.virtualSize()))
                .toList();
        return new CapturePlan(snapshot, instance.id(), planned, state.toJson());
    }

    @Override
    public void begin(CapturePlan plan) {
        if (held(plan).isPresent()) {
            return;
        }
        directory.find(plan.instance());
        List<FileIdentity> files = AtRestState.parse(plan.state()).disks().stream()
                .flatMap(disk -> disk.layers().stream())
                .map(ImageLayer::location)
                .distinct()
                .map(FileIdentity::of)
                .toList();
        ImageDirectory.writeText(marker(plan.snapshot()), new AtRestHold(plan, files).toJson());
    }

    @Override
    public BlockSource open(CapturePlan plan, String device) {
        AtRestHold hold = held(plan)
                .orElseThrow(() -> SnapshotException.notFound(
                        "the point in time of " + plan.snapshot() + " is not held; begin the capture first"));
        List<ImageLayer> layers = AtRestState.parse(hold.plan().state()).layers(device);
        List<String> locations = layers.stream().map(ImageLayer::location).toList();
        List<FileIdentity> files = hold.files().stream()
                .filter(file -> locations.contains(file.path()))
                .toList();
        UnchangedSource disk = new UnchangedSource(ImageDirectory.open(layers), files);
        try {
            disk.check();
            return disk;
        } catch (RuntimeException e) {
            disk.close();
            throw e;
        }
    }

    @Override
    public void release(CapturePlan plan, Cancellation cancellation) {
        if (held(plan).isPresent()) {
            cancellation.check();
            ImageDirectory.delete(marker(plan.snapshot()));
        }
    }

    @Override
    public List<CapturePlan> listHeld() {
        List<CapturePlan> plans = new ArrayList<>();
        for (Path file : ImageDirectory.list(holds)) {
            if (!file.getFileName().toString().startsWith(".")) {
                read(file).map(AtRestHold::plan).ifPresent(plans::add);
            }
        }
        return List.copyOf(plans);
    }

    private Optional<AtRestHold> held(CapturePlan plan) {
        return read(marker(plan.snapshot())).map(hold -> {
            if (!hold.plan().equals(plan)) {
                throw SnapshotException.conflict("another capture is held for " + plan.snapshot() + " in " + holds);
            }
            return hold;
        });
    }

    private Optional<AtRestHold> read(Path marker) {
        if (!Files.exists(marker)) {
            return Optional.empty();
        }
        try {
            return Optional.of(AtRestHold.parse(ImageDirectory.readText(marker), marker.toString()));
        } catch (SnapshotException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return Optional.empty(); // Released in between.
            }
            throw e;
        }
    }

    private Path marker(SnapshotId snapshot) {
        return holds.resolve(snapshot.value() + SUFFIX);
    }

    private static List<InstanceDisk> select(List<InstanceDisk> disks, DiskSelection selection) {
        List<String> existing = disks.stream().map(InstanceDisk::device).toList();
        if (selection instanceof DiskSelection.Devices named && !existing.containsAll(named.devices())) {
            throw SnapshotException.notFound(
                    "disks " + named.devices() + " are not all there; existing are " + existing);
        }
        List<InstanceDisk> selected =
                disks.stream().filter(disk -> isSelected(disk, selection)).toList();
        if (selected.isEmpty()) {
            throw SnapshotException.notFound("there is no root disk; name one of " + existing);
        }
        return selected;
    }

    private static boolean isSelected(InstanceDisk disk, DiskSelection selection) {
        if (selection instanceof DiskSelection.Devices named) {
            return named.devices().contains(disk.device());
        }
        return selection instanceof DiskSelection.All || disk.role() == DiskRole.ROOT;
    }
}
