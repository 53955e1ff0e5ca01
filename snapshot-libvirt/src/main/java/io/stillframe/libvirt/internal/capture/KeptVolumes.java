package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.libvirt.internal.driver.CloneLaunches;
import io.stillframe.libvirt.internal.rbd.CephSession;
import io.stillframe.libvirt.internal.rbd.RbdImage;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import io.stillframe.spi.VolumeSnapshot;
import io.stillframe.spi.VolumeSnapshots;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link VolumeSnapshots} on Ceph's block device: a kept snapshot is a held one under another name, still protected. */
public final class KeptVolumes implements VolumeSnapshots {
    private static final Logger LOG = LoggerFactory.getLogger(KeptVolumes.class);

    private final CephSession ceph;
    private final VolumeSearch search;
    private final CloneLaunches launches;
    private final Duration stall;

    /**
     * @param session closed by its owner
     * @param ceph closed by its owner
     * @param launches makes the instances of clones
     * @param stall how long flattening a clone may show no progress
     */
    public KeptVolumes(LibvirtSession session, CephSession ceph, CloneLaunches launches, Duration stall) {
        this.ceph = ceph;
        this.search = new VolumeSearch(session, ceph);
        this.launches = launches;
        this.stall = stall;
    }

    @Override
    public String name() {
        return "rbd";
    }

    @Override
    public boolean canKeep(CapturePlan plan) {
        return HoldParts.of(plan).overlays().isEmpty();
    }

    @Override
    public VolumeSnapshot planKeep(CapturePlan plan) {
        if (!canKeep(plan)) {
            throw SnapshotException.unsupported("not all disks of " + plan.instance() + " are volumes of Ceph: "
                    + HoldParts.of(plan).overlays().stream()
                            .flatMap(part -> part.disks().stream())
                            .map(CapturePlan.Disk::device)
                            .toList()
                    + " are not; choose those that are, or store the snapshot");
        }
        return new VolumeSnapshot(plan.snapshot(), plan.instance(), plan.disks(), plan.state());
    }

    @Override
    public VolumeSnapshot keep(CapturePlan plan) {
        VolumeSnapshot kept = planKeep(plan);
        VolumePlan planned = VolumePlan.of(plan);
        for (VolumePlan.Disk disk : planned.disks()) {
            ceph.change(disk.volume(), "keep a snapshot of " + disk.volume().name(), image -> keep(planned, image));
        }
        return kept;
    }

    @Override
    public String location(VolumeSnapshot kept, String device) {
        VolumePlan plan = planOf(kept);
        return plan.disk(device).volume().location() + "@" + plan.kept();
    }

    @Override
    public boolean reaches(VolumeSnapshot kept) {
        try {
            VolumePlan plan = planOf(kept);
            return plan.disks().stream()
                    .allMatch(disk -> ceph.lookAt(
                            disk.volume(),
                            plan.kept(),
                            "look at a snapshot of " + disk.volume().name(),
                            image -> true));
        } catch (SnapshotException e) {
            LOG.debug("{} is not reached: {}", kept.snapshot(), e.getMessage());
            return false;
        }
    }

    private static void keep(VolumePlan plan, RbdImage image) {
        if (image.snapshot(plan.kept()).isPresent()) {
            return;
        }
        if (image.snapshot(plan.held()).isEmpty() || !image.isProtected(plan.held())) {
            throw SnapshotException.notFound("the point in time of " + plan.instance() + " for " + plan.snapshot()
                    + " is not held: " + image.volume().name() + " has no protected snapshot " + plan.held());
        }
        image.renameSnapshot(plan.held(), plan.kept());
    }

    @Override
    public BlockSource open(VolumeSnapshot kept, String device) {
        VolumePlan plan = planOf(kept);
        return ceph.openSnapshot(plan.disk(device).volume(), plan.kept());
    }

    @Override
    public List<ByteRange> changes(VolumeSnapshot kept, VolumeSnapshot since, String device) {
        VolumePlan plan = planOf(kept);
        VolumePlan older = planOf(since);
        RbdVolume volume = plan.disk(device).volume();
        if (!older.disk(device).volume().name().equals(volume.name())) {
            throw SnapshotException.notFound("disk " + device + " was the volume "
                    + older.disk(device).volume().name() + " in " + since.snapshot() + " and is " + volume.name()
                    + " now; compare the contents");
        }
        return ceph.changes(volume, older.kept(), plan.kept());
    }

    @Override
    public List<Dependent> dependents(VolumeSnapshot kept) {
        VolumePlan plan = planOf(kept);
        List<Dependent> dependents = new ArrayList<>();
        for (VolumePlan.Disk disk : plan.disks()) {
            children(plan, disk).forEach(child -> dependents.add(new Dependent(disk.device(), inWords(child))));
        }
        return dependents;
    }

    private List<RbdImage.Child> children(VolumePlan plan, VolumePlan.Disk disk) {
        try {
            return ceph.lookAt(
                    disk.volume(),
                    plan.kept(),
                    "list the clones of " + disk.volume().name(),
                    RbdImage::children);
        } catch (SnapshotException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return List.of();
            }
            throw e;
        }
    }

    private static String inWords(RbdImage.Child child) {
        return child.volume().location() + (child.inTrash() ? " (in the trash)" : "");
    }

    @Override
    public void remove(VolumeSnapshot kept, DependentsPolicy policy, Cancellation cancellation) {
        List<Dependent> dependents = dependents(kept);
        if (!dependents.isEmpty() && policy == DependentsPolicy.REFUSE) {
            throw SnapshotException.conflict("volumes were cloned from " + kept.snapshot() + " and still need it: "
                    + String.join(
                            ", ", dependents.stream().map(Dependent::volume).toList())
                    + "; remove them, or have them flattened");
        }
        VolumePlan plan = planOf(kept);
        for (VolumePlan.Disk disk : plan.disks()) {
            for (RbdImage.Child child : children(plan, disk)) {
                flatten(child, cancellation);
            }
            cancellation.check();
            remove(disk.volume(), plan.kept());
        }
    }

    private void flatten(RbdImage.Child child, Cancellation cancellation) {
        if (child.inTrash()) {
            throw SnapshotException.conflict("the volume " + child.volume().name()
                    + " is in the trash and still needs the snapshot; purge it or restore it");
        }
        try {
            ceph.flatten(child.volume(), stall, cancellation);
        } catch (SnapshotException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    private void remove(RbdVolume volume, String snapshot) {
        try {
            ceph.change(volume, "remove a snapshot of " + volume.name(), image -> {
                if (image.snapshot(snapshot).isPresent()) {
                    image.unprotect(snapshot);
                    image.removeSnapshot(snapshot);
                }
            });
        } catch (SnapshotException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    @Override
    public LaunchPlan planClone(LaunchSpec spec, VolumeSnapshot kept) {
        VolumePlan plan = planOf(kept);
        for (LaunchSpec.Disk disk : spec.disks()) {
            long smallest = plan.disk(disk.device()).size();
            if (disk.size() < smallest) {
                throw SnapshotException.invalid("disk " + disk.device() + " of " + spec.name() + " is to have "
                        + disk.size() + " bytes, its snapshot has " + smallest + "; ask for at least that");
            }
        }
        return launches.plan(spec, device -> plan.disk(device).volume(), plan.kept());
    }

    @Override
    public void cloneDisks(LaunchPlan plan) {
        launches.cloneDisks(plan);
    }

    @Override
    public List<VolumeSnapshot> listKept() {
        return search.find(true).stream()
                .map(plan -> new VolumeSnapshot(plan.snapshot(), plan.instance(), plan.disks(), plan.state()))
                .toList();
    }

    private static VolumePlan planOf(VolumeSnapshot kept) {
        return VolumePlan.of(kept.snapshot(), kept.instance(), kept.state());
    }
}
