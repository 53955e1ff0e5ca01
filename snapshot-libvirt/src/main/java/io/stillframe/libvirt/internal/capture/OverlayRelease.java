package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.Qcow2Header;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import java.nio.file.Files;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the point in time of one plan up. Nothing is remembered between its steps: before each one it looks where the overlay is, so
 * that whatever the instance, a person or a crash did meanwhile leads to the step that is right then.
 */
final class OverlayRelease {
    private static final Logger LOG = LoggerFactory.getLogger(OverlayRelease.class);
    private static final long PAUSE_NANOS = 50_000_000L;
    private static final int FRUITLESS_ROUNDS = 3;

    private final LibvirtSession session;
    private final InstanceId instance;
    private final PersistentChain persistent;
    private final LiveMerge live;
    private final OfflineMerge offline;
    private final Duration stall;
    private final Cancellation cancellation;

    private enum Step {
        DONE,
        AGAIN
    }

    /** What must change from step to step for the release to get on. */
    private record Standing(boolean running, Sight.Position position) {}

    OverlayRelease(
            LibvirtSession session, InstanceId instance, long bandwidth, Duration stall, Cancellation cancellation) {
        this.session = session;
        this.instance = instance;
        this.stall = stall;
        this.cancellation = cancellation;
        this.persistent = new PersistentChain(session, instance);
        this.live = new LiveMerge(session, instance, bandwidth, stall, cancellation);
        this.offline = new OfflineMerge(stall, cancellation);
    }

    void release(OverlayPlan plan) {
        cancellation.check();
        protect(plan);
        plan.disks().forEach(this::release);
    }

    /** Whatever stops the instance or this process from here on, the instance's next start must begin with what is not merged yet. */
    private void protect(OverlayPlan plan) {
        Sight sight = Sight.of(session, instance);
        for (OverlayPlan.Disk disk : plan.disks()) {
            if (sight.isRunning() && sight.position(disk) == Sight.Position.TOP) {
                persistent.protect(disk);
            }
        }
    }

    private void release(OverlayPlan.Disk disk) {
        @Nullable Standing last = null;
        long since = 0;
        int rounds = 0;
        while (true) {
            Sight sight = Sight.of(session, instance);
            Standing now = new Standing(sight.isRunning(), sight.position(disk));
            LOG.debug("overlay {} stands at {}", disk.overlay(), now);
            if (!now.equals(last)) {
                last = now;
                since = System.nanoTime();
                rounds = 0;
            } else if (++rounds >= FRUITLESS_ROUNDS && System.nanoTime() - since > stall.toNanos()) {
                throw SnapshotException.transientFault(
                        "merging disk " + disk.device() + " of " + instance + " ended " + rounds
                                + " times without result (something else has the image open, or QEMU could not write"
                                + " it: see libvirt's log of the instance); the release is still owed",
                        null);
            }
            if (step(disk, sight, now.position) == Step.DONE) {
                return;
            }
            cancellation.await(PAUSE_NANOS);
        }
    }

    private Step step(OverlayPlan.Disk disk, Sight sight, Sight.Position position) {
        if (position == Sight.Position.ABSENT) {
            return sight.exists() ? finish(disk, sight) : mergeOrphan(disk);
        }
        return sight.isRunning() ? mergeLive(disk, position) : mergeOffline(disk, position);
    }

    private Step mergeLive(OverlayPlan.Disk disk, Sight.Position position) {
        if (position == Sight.Position.BELOW) {
            live.mergeBelow(disk);
        } else {
            live.mergeActive(disk);
        }
        return Step.AGAIN;
    }

    private Step mergeOffline(OverlayPlan.Disk disk, Sight.Position position) {
        if (position == Sight.Position.BELOW) {
            throw SnapshotException.conflict("another overlay lies over " + disk.overlay()
                    + " and the instance is off; start it, or merge that overlay first, and release again");
        }
        OverlayFiles.unmarkMerged(disk);
        requireThere(disk);
        if (!Qcow2Header.holdsNothing(disk.overlay()) && offline.merge(disk) == OfflineMerge.Outcome.IN_USE) {
            return Step.AGAIN;
        }
        persistent.restore(disk);
        if (!Sight.of(session, instance).isRunning() && !Qcow2Header.holdsNothing(disk.overlay())) {
            // The instance was started and stopped between merge and restore: the overlay has writes again.
            persistent.protect(disk);
            return Step.AGAIN;
        }
        OverlayFiles.restoreOwnership(disk);
        return Step.AGAIN;
    }

    private static void requireThere(OverlayPlan.Disk disk) {
        if (!Files.exists(disk.overlay())) {
            throw SnapshotException.permanent(
                    "the overlay " + disk.overlay() + " is gone though instance's disk " + disk.device()
                            + " begins with it; writes since the snapshot are lost unless the file can be brought back",
                    null);
        }
    }

    /** The overlay is in no chain that is used. */
    private Step finish(OverlayPlan.Disk disk, Sight sight) {
        if (!OverlayFiles.isExpendable(disk)) {
            throw SnapshotException.permanent(
                    "the overlay " + disk.overlay() + " holds writes, but disk " + disk.device() + " of " + instance
                            + " does not begin with it any more; nothing was removed. Merge it into " + disk.base()
                            + " by hand if they are wanted, remove it, and release again",
                    null);
        }
        if (sight.inactive().isPresent()) {
            persistent.restore(disk);
        }
        OverlayFiles.remove(session, disk);
        return Step.DONE;
    }

    /** The instance itself is gone; its disk's files may be wanted. */
    private Step mergeOrphan(OverlayPlan.Disk disk) {
        if (!OverlayFiles.isExpendable(disk)) {
            requireUnusedBase(disk);
            if (offline.merge(disk) == OfflineMerge.Outcome.IN_USE) {
                return Step.AGAIN;
            }
        }
        OverlayFiles.remove(session, disk);
        return Step.DONE;
    }

    private void requireUnusedBase(OverlayPlan.Disk disk) {
        for (LibvirtSession.HostDomain domain : session.hostDomains()) {
            if (HostDisks.names(domain, disk.base())) {
                throw SnapshotException.conflict("instance " + instance + " is gone, and " + disk.base()
                        + " is now a disk of instance " + domain.name() + "; the writes in " + disk.overlay()
                        + " cannot be merged into it. Remove that file if they are not wanted, and release again");
            }
        }
        if (!Files.exists(disk.base())) {
            throw SnapshotException.permanent(
                    "instance " + instance + " and its disk " + disk.base() + " are gone; remove " + disk.overlay()
                            + " by hand and release again",
                    null);
        }
    }
}
