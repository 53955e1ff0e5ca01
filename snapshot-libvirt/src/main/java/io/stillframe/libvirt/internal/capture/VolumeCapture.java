package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.libvirt.internal.rbd.CephSession;
import io.stillframe.libvirt.internal.rbd.RbdImage;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import java.util.List;

/** Holds points in time of disks that are volumes of Ceph, by snapshots of the volumes: nothing is merged afterwards. */
final class VolumeCapture {
    private final CephSession ceph;
    private final VolumeHold hold;
    private final VolumeSearch search;

    VolumeCapture(LibvirtSession session, CephSession ceph) {
        this.ceph = ceph;
        this.hold = new VolumeHold(ceph);
        this.search = new VolumeSearch(session, ceph);
    }

    CapturePlan plan(
            SnapshotId snapshot, InstanceState instance, List<InstanceDisk> disks, DomainDefinition definition) {
        List<VolumePlan.Disk> planned =
                disks.stream().map(disk -> plan(disk, definition)).toList();
        return new CapturePlan(
                snapshot,
                instance.id(),
                disks.stream()
                        .map(disk ->
                                new CapturePlan.Disk(disk.device(), disk.role(), disk.format(), disk.virtualSize()))
                        .toList(),
                new VolumePlan(snapshot, instance.id(), planned).toState());
    }

    private VolumePlan.Disk plan(InstanceDisk disk, DomainDefinition definition) {
        DomainDisk declared = definition
                .disk(disk.device())
                .orElseThrow(() -> SnapshotException.conflict(
                        "disk " + disk.device() + " was removed; observe the instance and plan again"));
        declared.obstacle().ifPresent(obstacle -> {
            throw SnapshotException.unsupported("disk " + disk.device() + " cannot be held: " + obstacle);
        });
        RbdVolume volume = declared.rbdVolume()
                .orElseThrow(() -> SnapshotException.conflict(
                        "disk " + disk.device() + " is no volume any more; observe the instance and plan again"));
        long size = ceph.look(volume, "read the size of " + volume.name(), RbdImage::size);
        if (size != disk.virtualSize()) {
            throw SnapshotException.conflict("the volume " + volume.name() + " has " + size + " bytes, observed were "
                    + disk.virtualSize() + "; observe the instance and plan again");
        }
        return new VolumePlan.Disk(disk.device(), volume, size);
    }

    boolean isHeld(CapturePlan plan) {
        return hold.isHeld(VolumePlan.of(plan));
    }

    void begin(CapturePlan plan) {
        hold.begin(VolumePlan.of(plan));
    }

    BlockSource open(CapturePlan plan, String device) {
        VolumePlan planned = VolumePlan.of(plan);
        VolumePlan.Disk disk = planned.disk(device);
        hold.requireHeld(planned, disk);
        return ceph.openSnapshot(disk.volume(), planned.held());
    }

    void release(CapturePlan plan, Cancellation cancellation) {
        VolumePlan planned = VolumePlan.of(plan);
        for (VolumePlan.Disk disk : planned.disks()) {
            cancellation.check();
            release(disk.volume(), planned.held());
        }
    }

    private void release(RbdVolume volume, String snapshot) {
        try {
            ceph.change(volume, "release a snapshot of " + volume.name(), image -> {
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

    List<CapturePlan> listHeld() {
        return search.find(false);
    }
}
