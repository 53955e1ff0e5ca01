package io.stillframe.libvirt.internal.capture;

import io.stillframe.image.ImageChain;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.InstanceDisk;
import io.stillframe.spi.InstanceState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Holds a point in time by putting an empty overlay over each disk: writes go there, and the files below are frozen and read as local
 * files. {@code begin} is one libvirt snapshot over all disks, without metadata, on running and on stopped instances alike.
 */
final class OverlayCapture {
    private final LibvirtSession session;
    private final OverlayPlanner planner;
    private final OverlayHold hold;
    private final Path deviceOverlays;
    private final long mergeBandwidth;
    private final Duration mergeStall;

    /**
     * @param session closed by its owner
     * @param deviceOverlays where the overlays over block devices go
     * @param mergeBandwidth most bytes a second that a live merge writes; 0 for no limit
     * @param mergeStall how long a merge may show no progress
     */
    OverlayCapture(LibvirtSession session, Path deviceOverlays, long mergeBandwidth, Duration mergeStall) {
        this.session = session;
        this.planner = new OverlayPlanner(session, deviceOverlays);
        this.deviceOverlays = deviceOverlays;
        this.hold = new OverlayHold(session);
        this.mergeBandwidth = mergeBandwidth;
        this.mergeStall = mergeStall;
    }

    CapturePlan plan(SnapshotId snapshot, InstanceState instance, List<InstanceDisk> disks) {
        return planner.plan(snapshot, instance, disks);
    }

    void begin(CapturePlan plan) {
        hold.begin(OverlayPlan.of(plan));
    }

    /** Whether all of a plan's disks are held. */
    boolean isHeld(CapturePlan plan) {
        return hold.isHeld(OverlayPlan.of(plan));
    }

    BlockSource open(CapturePlan plan, String device) {
        OverlayPlan.Disk disk = OverlayPlan.of(plan).disk(device);
        requireHeld(plan.instance(), disk);
        return ImageChain.open(disk.chain());
    }

    void release(CapturePlan plan, Cancellation cancellation) {
        new OverlayRelease(session, plan.instance(), mergeBandwidth, mergeStall, cancellation)
                .release(OverlayPlan.of(plan));
    }

    List<CapturePlan> listHeld() {
        return HeldOverlays.on(session, deviceOverlays);
    }

    private void requireHeld(InstanceId instance, OverlayPlan.Disk disk) {
        boolean held = Sight.of(session, instance).position(disk) != Sight.Position.ABSENT;
        if (!held || OverlayFiles.isMergeBegun(disk)) {
            throw SnapshotException.notFound("the point in time of disk " + disk.device() + " of " + instance
                    + (held
                            ? " was given up: its merge has begun"
                            : " is not held: " + disk.overlay() + " is in no chain"));
        }
    }
}
