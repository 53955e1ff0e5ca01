package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.libvirt.internal.rbd.CephSession;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.DiskCapture;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Holds the disks of an instance, each in the way that its kind allows: files and block devices by overlays, volumes of Ceph by snapshots
 * of the volumes. Where one command cannot hold all disks at one moment, the instance is paused from the first to the last.
 */
public final class HostCapture implements DiskCapture {
    private final LibvirtSession session;
    private final OverlayCapture overlays;
    private final VolumeCapture volumes;

    /**
     * @param session closed by its owner
     * @param ceph closed by its owner
     * @param deviceOverlays where the overlays over block devices go
     * @param mergeBandwidth most bytes a second that a live merge writes; 0 for no limit
     * @param mergeStall how long a merge may show no progress
     */
    public HostCapture(
            LibvirtSession session, CephSession ceph, Path deviceOverlays, long mergeBandwidth, Duration mergeStall) {
        this.session = session;
        this.overlays = new OverlayCapture(session, deviceOverlays, mergeBandwidth, mergeStall);
        this.volumes = new VolumeCapture(session, ceph);
    }

    @Override
    public String name() {
        return "overlay";
    }

    @Override
    public CapturePlan plan(SnapshotId snapshot, InstanceState instance, DiskSelection selection) {
        List<InstanceDisk> disks = DiskChoice.of(instance, selection);
        DomainDefinition current = Sight.of(session, instance.id())
                .current()
                .orElseThrow(
                        () -> SnapshotException.notFound("instance " + instance.name() + " does not exist any more"));
        Predicate<InstanceDisk> isVolume =
                disk -> current.disk(disk.device()).filter(DomainDisk::isRbd).isPresent();
        List<InstanceDisk> onVolumes = disks.stream().filter(isVolume).toList();
        List<InstanceDisk> onFiles = disks.stream().filter(isVolume.negate()).toList();
        if (onVolumes.isEmpty()) {
            return overlays.plan(snapshot, instance, onFiles);
        }
        CapturePlan byVolume = volumes.plan(snapshot, instance, onVolumes, current);
        if (onFiles.isEmpty()) {
            return byVolume;
        }
        return new HoldParts(Optional.of(overlays.plan(snapshot, instance, onFiles)), Optional.of(byVolume))
                .toPlan(disks.stream().map(InstanceDisk::device).toList());
    }

    @Override
    public void begin(CapturePlan plan) {
        HoldParts parts = HoldParts.of(plan);
        if (parts.volumes().isEmpty()) {
            parts.overlays().ifPresent(overlays::begin);
            return;
        }
        CapturePlan byVolume = parts.volumes().get();
        boolean overlaid = parts.overlays().filter(overlays::isHeld).isPresent();
        boolean held = volumes.isHeld(byVolume);
        if (overlaid && !held) {
            throw new SnapshotException(
                    Kind.OUTCOME_UNKNOWN,
                    "the files of " + plan.instance() + " are held but its volumes are not, which is no point in time;"
                            + " release the plan and make a new one");
        }
        if (held && (overlaid || parts.overlays().isEmpty())) {
            new DomainPause(session, plan.instance()).end();
            volumes.begin(byVolume);
            parts.overlays().ifPresent(overlays::begin);
        } else if (plan.disks().size() == 1) {
            requireInstance(plan);
            volumes.begin(byVolume);
        } else {
            new DomainPause(session, plan.instance()).during(() -> beginAll(parts, byVolume));
        }
    }

    /** A volume that is held without the files is of another moment; the files are held last, so that they tell of a complete set. */
    private void beginAll(HoldParts parts, CapturePlan byVolume) {
        if (volumes.isHeld(byVolume)) {
            volumes.release(byVolume, new Cancellation());
        }
        volumes.begin(byVolume);
        if (parts.overlays().isEmpty()) {
            return;
        }
        try {
            overlays.begin(parts.overlays().get());
        } catch (SnapshotException e) {
            if (e.kind() != Kind.OUTCOME_UNKNOWN) {
                releaseAfter(byVolume, e);
            }
            throw e;
        }
    }

    private void releaseAfter(CapturePlan byVolume, SnapshotException failure) {
        try {
            volumes.release(byVolume, new Cancellation());
        } catch (SnapshotException left) {
            failure.addSuppressed(left);
            throw new SnapshotException(
                    Kind.OUTCOME_UNKNOWN,
                    "volumes of " + byVolume.instance() + " are held; release is owed. " + failure.getMessage(),
                    failure);
        }
    }

    private void requireInstance(CapturePlan plan) {
        if (!Sight.of(session, plan.instance()).exists()) {
            throw SnapshotException.notFound("instance " + plan.instance() + " does not exist");
        }
    }

    @Override
    public BlockSource open(CapturePlan plan, String device) {
        HoldParts parts = HoldParts.of(plan);
        Optional<CapturePlan> byVolume =
                parts.volumes().filter(part -> parts.overlays().isEmpty() || HoldParts.has(part, device));
        if (byVolume.isPresent()) {
            return volumes.open(byVolume.get(), device);
        }
        return overlays.open(parts.overlays().orElseThrow(), device);
    }

    @Override
    public void release(CapturePlan plan, Cancellation cancellation) {
        HoldParts parts = HoldParts.of(plan);
        if (parts.volumes().isPresent()) {
            new DomainPause(session, plan.instance()).end();
            volumes.release(parts.volumes().get(), cancellation);
        }
        parts.overlays().ifPresent(part -> overlays.release(part, cancellation));
    }

    @Override
    public List<CapturePlan> listHeld() {
        Map<SnapshotId, HoldParts> found = new LinkedHashMap<>();
        overlays.listHeld().forEach(plan -> found.put(plan.snapshot(), HoldParts.of(plan)));
        for (CapturePlan plan : volumes.listHeld()) {
            found.merge(plan.snapshot(), HoldParts.of(plan), HoldParts::and);
        }
        List<CapturePlan> plans = new ArrayList<>();
        found.values().forEach(parts -> plans.add(parts.toPlan(parts.devices())));
        return plans;
    }
}
