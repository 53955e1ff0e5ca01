package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.DomainHandle;
import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.connection.LibvirtFailure;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.BackingChain;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.libvirt.internal.domain.Xml;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Decides which disks are held and under which names, and refuses what cannot be held, before anything is touched. */
final class OverlayPlanner {
    private static final int LONGEST_FILE_NAME = 255;

    /** What the marks beside an overlay add to its name. */
    private static final int LONGEST_MARK = ".merging".length();

    private final LibvirtSession session;
    private final Path deviceOverlays;

    /** @param deviceOverlays where the overlays over block devices go */
    OverlayPlanner(LibvirtSession session, Path deviceOverlays) {
        this.session = session;
        this.deviceOverlays = deviceOverlays;
    }

    /** @param disks which of the instance's disks */
    CapturePlan plan(SnapshotId snapshot, InstanceState instance, List<InstanceDisk> disks) {
        Sight sight = Sight.of(session, instance.id());
        DomainDefinition current = sight.current()
                .orElseThrow(
                        () -> SnapshotException.notFound("instance " + instance.name() + " does not exist any more"));
        if (sight.isRunning()) {
            requireNoJob(instance, disks);
        }
        List<OverlayPlan.Disk> planned =
                disks.stream().map(disk -> plan(snapshot, disk, current, sight)).toList();
        return new CapturePlan(
                snapshot,
                instance.id(),
                disks.stream()
                        .map(disk ->
                                new CapturePlan.Disk(disk.device(), disk.role(), disk.format(), disk.virtualSize()))
                        .toList(),
                new OverlayPlan(snapshot, instance.id(), planned).toState());
    }

    private OverlayPlan.Disk plan(SnapshotId snapshot, InstanceDisk disk, DomainDefinition current, Sight sight) {
        DomainDisk declared = current.disk(disk.device())
                .orElseThrow(() -> SnapshotException.conflict(
                        "disk " + disk.device() + " was removed; observe the instance and plan again"));
        declared.obstacle().ifPresent(obstacle -> {
            throw SnapshotException.unsupported("disk " + disk.device() + " cannot be held: " + obstacle);
        });
        if (disk.virtualSize() <= 0) {
            throw SnapshotException.unsupported("the size of disk " + disk.device() + " cannot be read");
        }
        List<ImageLayer> chain = BackingChain.complete(declared);
        chain.forEach(layer -> requireNotHeld(disk, layer));
        Path base = Path.of(chain.get(0).location());
        Path overlay = overlay(declared, base, snapshot);
        requireFree(overlay);
        return new OverlayPlan.Disk(
                disk.device(),
                overlay,
                disk.virtualSize(),
                chain,
                original(sight, disk, base),
                sight.isRunning() ? Optional.empty() : OverlayFiles.ownershipOf(base));
    }

    /** The persistent definition's words for the disk, if it is the same disk there. */
    private static Optional<String> original(Sight sight, InstanceDisk disk, Path base) {
        return sight.inactive()
                .flatMap(definition -> definition.disk(disk.device()))
                .filter(defined -> defined.path().equals(Optional.of(base)))
                .map(defined -> Xml.print(defined.element()));
    }

    private Path overlay(DomainDisk disk, Path base, SnapshotId snapshot) {
        if (!disk.type().equals("block")) {
            return OverlayPlan.overlayOf(base, snapshot);
        }
        if (!Files.isDirectory(deviceOverlays)) {
            throw SnapshotException.invalid("the directory " + deviceOverlays
                    + " for the overlay over the block device " + base
                    + " does not exist; make it or name another one with the option overlay-directory");
        }
        return OverlayPlan.overlayOf(base, deviceOverlays, snapshot);
    }

    private static void requireNotHeld(InstanceDisk disk, ImageLayer layer) {
        OverlayPlan.snapshotOf(layer.location()).ifPresent(holder -> {
            throw SnapshotException.conflict("disk " + disk.device() + " is held by snapshot " + holder
                    + "; wait until that is released, or release it with a recovery");
        });
    }

    private static void requireFree(Path overlay) {
        Path name = overlay.getFileName();
        int length = name == null ? 0 : name.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length + LONGEST_MARK > LONGEST_FILE_NAME) {
            throw SnapshotException.unsupported(
                    "the file name " + name + " has " + length + " bytes, an overlay's can have "
                            + (LONGEST_FILE_NAME - LONGEST_MARK) + "; rename the disk's file");
        }
        if (Files.exists(overlay)) {
            throw SnapshotException.conflict("the file " + overlay + " exists and would be the overlay");
        }
    }

    private void requireNoJob(InstanceState instance, List<InstanceDisk> disks) {
        Optional<String> busy =
                session.onDomain(instance.id(), "look at the jobs of " + instance.name(), Effect.NONE, domain -> {
                    for (InstanceDisk disk : disks) {
                        if (hasJob(domain, disk)) {
                            return Optional.of("disk " + disk.device() + " is in a block job");
                        }
                    }
                    return domain.hasBackup() ? Optional.of("a backup runs") : Optional.<String>empty();
                });
        busy.ifPresent(reason -> {
            throw SnapshotException.conflict(
                    "instance " + instance.name() + " cannot be held now: " + reason + "; wait for its end");
        });
    }

    private static boolean hasJob(DomainHandle domain, InstanceDisk disk) throws LibvirtFailure {
        return domain.blockJob(disk.device()).isPresent();
    }
}
