package io.stillframe.libvirt.internal.capture;

import io.stillframe.libvirt.internal.connection.DomainHandle;
import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.libvirt.internal.connection.LibvirtFailure;
import io.stillframe.libvirt.internal.connection.LibvirtSession;
import io.stillframe.libvirt.internal.domain.DomainDefinition;
import io.stillframe.libvirt.internal.domain.DomainDisk;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.libvirt.Domain;
import org.libvirt.DomainBlockJobInfo;
import org.libvirt.Error.ErrorNumber;

/**
 * Merges an overlay into its base while the instance runs, by QEMU's block commit. A commit that runs already, begun by this or another
 * process, is taken over. Returns whenever the job is over, whatever its end: the caller looks at the chain again.
 */
final class LiveMerge {
    private static final String ACTIVE_COMMIT = "active-commit";
    private static final long SHORTEST_PAUSE_NANOS = 20_000_000L;
    private static final long LONGEST_PAUSE_NANOS = 500_000_000L;

    private final LibvirtSession session;
    private final InstanceId instance;
    private final long bandwidth;
    private final Duration stall;
    private final Cancellation cancellation;

    /** How a job stands. */
    private enum Progress {
        RUNNING,
        READY,
        OVER
    }

    /** One look at a job. */
    private record Look(Progress progress, long done, long end) {}

    LiveMerge(LibvirtSession session, InstanceId instance, long bandwidth, Duration stall, Cancellation cancellation) {
        this.session = session;
        this.instance = instance;
        this.bandwidth = bandwidth;
        this.stall = stall;
        this.cancellation = cancellation;
    }

    /** Merges the active layer and has the instance go on with the base. */
    void mergeActive(OverlayPlan.Disk disk) {
        OverlayFiles.unmarkMerged(disk);
        OverlayFiles.markMerging(disk);
        if (joins(disk)) {
            unlessGone(
                    "limit the merge of " + disk.device() + " of " + instance,
                    domain -> domain.limitBlockJob(disk.device(), bandwidth));
        } else {
            start(disk, null, Domain.BlockCommitFlags.ACTIVE);
        }
        if (await(disk) == Progress.READY) {
            OverlayFiles.markMerged(disk);
            unlessGone(
                    "pivot " + disk.device() + " of " + instance,
                    domain -> domain.endBlockJob(disk.device(), Domain.BlockJobAbortFlags.PIVOT));
        }
    }

    /** Merges a layer that another one, not of this capture, lies over. */
    void mergeBelow(OverlayPlan.Disk disk) {
        OverlayFiles.unmarkMerged(disk);
        OverlayFiles.markMerging(disk);
        if (!joins(disk)) {
            start(disk, disk.overlay().toString(), 0);
        }
        await(disk);
        if (Sight.of(session, instance).position(disk) == Sight.Position.ABSENT && isRunning()) {
            OverlayFiles.markMerged(disk);
        }
    }

    private boolean isRunning() {
        return Sight.of(session, instance).isRunning();
    }

    /** Whether the merge runs already; another job on the disk is a conflict. */
    private boolean joins(OverlayPlan.Disk disk) {
        return session.onDomain(instance, "look at the jobs of " + instance, Effect.NONE, domain -> {
            Optional<DomainBlockJobInfo> job = domain.blockJob(disk.device());
            if (job.isEmpty()) {
                return false;
            }
            Optional<DomainDisk.Mirror> mirror = mirror(domain, disk);
            boolean ours = mirror.isPresent()
                    ? mirror.get().job().equals(ACTIVE_COMMIT)
                            && mirror.get()
                                    .file()
                                    .filter(disk.base().toString()::equals)
                                    .isPresent()
                    : job.get().type == Domain.BlockJobType.COMMIT;
            if (!ours) {
                throw SnapshotException.conflict("disk " + disk.device() + " of " + domain.name()
                        + " is in a block job of somebody else; wait for it or end it with virsh blockjob --abort");
            }
            return true;
        });
    }

    private void start(OverlayPlan.Disk disk, @Nullable String top, int flags) {
        unlessGone(
                "begin to merge " + disk.device() + " of " + instance,
                domain -> domain.commit(
                        disk.device(),
                        disk.base().toString(),
                        top,
                        bandwidth,
                        flags | (bandwidth > 0 ? Domain.BlockCommitFlags.BANDWIDTH_BYTES : 0)));
    }

    private Progress await(OverlayPlan.Disk disk) {
        Look last = look(disk);
        long lastProgress = System.nanoTime();
        long pause = SHORTEST_PAUSE_NANOS;
        while (last.progress == Progress.RUNNING) {
            cancellation.await(pause);
            pause = Math.min(pause * 2, LONGEST_PAUSE_NANOS);
            Look now = look(disk);
            if (!now.equals(last)) {
                last = now;
                lastProgress = System.nanoTime();
            } else if (System.nanoTime() - lastProgress > stall.toNanos()) {
                throw SnapshotException.transientFault(
                        "merging " + disk.device() + " of " + instance + " stands at " + now.done + " of " + now.end
                                + " bytes for " + stall.toSeconds() + " s; the release is still owed",
                        null);
            }
        }
        return last.progress;
    }

    private Look look(OverlayPlan.Disk disk) {
        try {
            return session.onDomain(
                    instance, "look at the jobs of " + instance, Effect.NONE, domain -> look(domain, disk));
        } catch (SnapshotException e) {
            if (e.kind() == SnapshotException.Kind.NOT_FOUND || e.kind() == SnapshotException.Kind.CONFLICT) {
                return new Look(Progress.OVER, 0, 0);
            }
            throw e;
        }
    }

    private static Look look(DomainHandle domain, OverlayPlan.Disk disk) throws LibvirtFailure {
        Optional<DomainBlockJobInfo> job = domain.blockJob(disk.device());
        if (job.isEmpty()) {
            return new Look(Progress.OVER, 0, 0);
        }
        long done = job.get().cur;
        long end = job.get().end;
        boolean ready = done == end
                && mirror(domain, disk).filter(DomainDisk.Mirror::ready).isPresent();
        return new Look(ready ? Progress.READY : Progress.RUNNING, done, end);
    }

    private static Optional<DomainDisk.Mirror> mirror(DomainHandle domain, OverlayPlan.Disk disk)
            throws LibvirtFailure {
        return DomainDefinition.parse(domain.xml(0)).disk(disk.device()).flatMap(DomainDisk::mirror);
    }

    /** A command that fails because the instance stopped meanwhile, or its job ended, changes what is to be done next, no more. */
    private void unlessGone(String action, LibvirtSession.DomainAction command) {
        session.change(instance, action, domain -> {
            try {
                command.on(domain);
            } catch (LibvirtFailure failure) {
                if (!failure.is(ErrorNumber.VIR_ERR_OPERATION_INVALID) && !domain.endedUnder(failure)) {
                    throw failure;
                }
            }
        });
    }
}
