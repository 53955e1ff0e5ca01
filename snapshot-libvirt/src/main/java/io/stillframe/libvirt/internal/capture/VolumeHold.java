package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.libvirt.internal.rbd.CephSession;
import io.stillframe.libvirt.internal.rbd.RbdImage;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds a point in time of volumes by a snapshot of each. Snapshots are made first, all of them, and protected only then: one that is
 * protected says that the set is complete, so that what an attempt left that ended in between is told from a held point in time, and
 * made anew.
 */
final class VolumeHold {
    private static final Logger LOG = LoggerFactory.getLogger(VolumeHold.class);

    private final CephSession ceph;

    /** How the snapshot of one volume stands. */
    private enum Standing {
        ABSENT,
        MADE,
        PROTECTED
    }

    VolumeHold(CephSession ceph) {
        this.ceph = ceph;
    }

    /** Whether the point in time is held, or held but for the protection of some volumes. */
    boolean isHeld(VolumePlan plan) {
        return isComplete(standings(plan));
    }

    /** Holds it. Whoever calls this sees to it that no guest writes between the first and the last snapshot, if there are several. */
    void begin(VolumePlan plan) {
        List<Standing> standings = standings(plan);
        if (!isComplete(standings)) {
            if (standings.contains(Standing.PROTECTED)) {
                throw SnapshotException.conflict(
                        "the point in time of " + plan.instance() + " for " + plan.snapshot()
                                + " was given up: some of its volume snapshots are removed; finish the release and make a new plan");
            }
            makeAnew(plan, standings);
        }
        for (VolumePlan.Disk disk : plan.disks()) {
            ceph.change(disk.volume(), "protect a snapshot of " + disk.volume().name(), image -> {
                if (!image.isProtected(plan.held())) {
                    image.protect(plan.held());
                }
            });
        }
    }

    private void makeAnew(VolumePlan plan, List<Standing> standings) {
        if (standings.contains(Standing.MADE)) {
            LOG.info("removing what an interrupted attempt to hold {} left", plan.instance());
            remove(plan);
        }
        try {
            plan.disks().forEach(disk -> make(plan, disk));
        } catch (SnapshotException e) {
            giveUp(plan, e);
        }
    }

    private void make(VolumePlan plan, VolumePlan.Disk disk) {
        ceph.change(disk.volume(), "snapshot " + disk.volume().name(), image -> {
            image.createSnapshot(plan.held());
            long size = image.snapshot(plan.held()).map(RbdImage.Snapshot::size).orElse(-1L);
            if (size != disk.size()) {
                throw SnapshotException.conflict("the volume " + disk.volume().name() + " has " + size
                        + " bytes now, planned were " + disk.size() + "; observe the instance and plan again");
            }
        });
    }

    /** After a failure: nothing is left, or nobody can tell. */
    private void giveUp(VolumePlan plan, SnapshotException failure) {
        try {
            remove(plan);
        } catch (SnapshotException left) {
            failure.addSuppressed(left);
            throw unknown(plan, failure);
        }
        throw failure.kind() == Kind.OUTCOME_UNKNOWN ? unknown(plan, failure) : failure;
    }

    private static SnapshotException unknown(VolumePlan plan, SnapshotException failure) {
        return new SnapshotException(
                Kind.OUTCOME_UNKNOWN,
                "volumes of " + plan.instance() + " may have snapshots; release is owed. " + failure.getMessage(),
                failure);
    }

    private void remove(VolumePlan plan) {
        for (VolumePlan.Disk disk : plan.disks()) {
            ceph.change(
                    disk.volume(),
                    "remove a snapshot of " + disk.volume().name(),
                    image -> image.removeSnapshot(plan.held()));
        }
    }

    /** Checks that a disk is held. */
    void requireHeld(VolumePlan plan, VolumePlan.Disk disk) {
        if (standing(plan, disk) != Standing.PROTECTED) {
            throw SnapshotException.notFound("the point in time of disk " + disk.device() + " of " + plan.instance()
                    + " is not held: " + disk.volume().name() + " has no protected snapshot " + plan.held());
        }
    }

    private static boolean isComplete(List<Standing> standings) {
        return standings.contains(Standing.PROTECTED) && !standings.contains(Standing.ABSENT);
    }

    private List<Standing> standings(VolumePlan plan) {
        List<Standing> standings = new ArrayList<>();
        plan.disks().forEach(disk -> standings.add(standing(plan, disk)));
        return standings;
    }

    private Standing standing(VolumePlan plan, VolumePlan.Disk disk) {
        return standing(ceph, disk.volume(), plan.held()).orElse(Standing.ABSENT);
    }

    private static Optional<Standing> standing(CephSession ceph, RbdVolume volume, String snapshot) {
        try {
            return ceph.look(
                    volume,
                    "look at the snapshots of " + volume.name(),
                    image -> image.snapshot(snapshot)
                            .map(found -> image.isProtected(snapshot) ? Standing.PROTECTED : Standing.MADE));
        } catch (SnapshotException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
