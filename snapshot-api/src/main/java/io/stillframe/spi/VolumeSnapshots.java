package io.stillframe.spi;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotId;
import java.util.List;

/**
 * Snapshots that stay on the block storage that an instance's disks are volumes of: made without a byte through this process, launched
 * by copy-on-write clones. An ability of a {@link Hypervisor} whose {@link DiskCapture} holds points in time of volumes by volume
 * snapshots; Ceph's block device is one, thin LVM and Cinder could be others.
 *
 * <p>The order is: plan and {@link DiskCapture#begin} as for any capture, then {@link #planKeep}, journal and {@link #keep} in the place of
 * the release. Each call is idempotent and may be made by another process than the one before. No call takes time that grows with a volume's size, except {@link
 * #remove} with {@link DependentsPolicy#FLATTEN}, and reading.
 *
 * <p>Safe for use by several threads for different snapshots. Owned and closed by its {@link Hypervisor}.
 *
 * <p>All methods throw {@link io.stillframe.model.SnapshotException}: NOT_FOUND if the volume or its snapshot is gone, TRANSIENT when the
 * storage does not answer and certainly did nothing, OUTCOME_UNKNOWN when it may have acted.
 */
public interface VolumeSnapshots {
    /** What removing does about instances that still need the snapshot. */
    enum DependentsPolicy {
        /** CONFLICT, naming them; nothing is removed. */
        REFUSE,
        /** They get copies of what they need, and then depend on nothing. Takes time that grows with the data. */
        FLATTEN
    }

    /**
     * A volume that was cloned from a snapshot and still needs it.
     *
     * @param device the disk of the snapshot
     * @param volume the clone, as its storage names it
     */
    record Dependent(String device, String volume) {}

    /** Its name, e.g. {@code rbd}. */
    String name();

    /** Whether all disks of a plan are volumes of this storage, so that its point in time can be kept. Looks at the plan alone. */
    boolean canKeep(CapturePlan plan);

    /**
     * What {@link #keep} makes of a plan's point in time, so that it can be journaled before and removed by any process, however far keeping
     * got. Has no effect.
     *
     * @throws io.stillframe.model.SnapshotException UNSUPPORTED unless {@link #canKeep}, naming the disks that are no such volumes
     */
    VolumeSnapshot planKeep(CapturePlan plan);

    /**
     * Makes a held point in time a snapshot of its own: {@link DiskCapture#listHeld} does not list it any more, and a release of the plan
     * leaves it. Already kept: success.
     *
     * @return as {@link #planKeep} said
     * @throws io.stillframe.model.SnapshotException NOT_FOUND if it is not held; UNSUPPORTED unless {@link #canKeep}
     */
    VolumeSnapshot keep(CapturePlan plan);

    /**
     * Where one disk's snapshot is, as its storage names it, for people. Looks at nothing.
     *
     * @param device one of the snapshot's
     */
    String location(VolumeSnapshot kept, String device);

    /**
     * Whether this host can read and clone a snapshot that may have been kept through another one. Looks at the storage; never throws for what
     * it finds there.
     */
    boolean reaches(VolumeSnapshot kept);

    /**
     * Opens one disk as it was, for reading or copying elsewhere.
     *
     * @param device one of the snapshot's
     * @return closed by the caller
     */
    BlockSource open(VolumeSnapshot kept, String device);

    /**
     * Where a disk may differ from an older snapshot of it, found without reading: everything outside of these ranges is the same.
     *
     * @param since an older snapshot of the same instance
     * @return ascending, without overlap; the whole disk where the storage cannot tell
     * @throws io.stillframe.model.SnapshotException NOT_FOUND if the older one is gone or is of another volume
     */
    List<ByteRange> changes(VolumeSnapshot kept, VolumeSnapshot since, String device);

    /** The volumes that still need the snapshot; empty if it is gone. */
    List<Dependent> dependents(VolumeSnapshot kept);

    /**
     * Removes the snapshot from all its volumes. Gone already, or kept on some of them only: success. A point in time that is held stays so.
     *
     * @param cancellation stops early with CANCELLED; what was copied by then stays copied
     * @throws io.stillframe.model.SnapshotException CONFLICT naming the dependents, as {@code dependents} says
     */
    void remove(VolumeSnapshot kept, DependentsPolicy dependents, Cancellation cancellation);

    /**
     * Decides names and places of a new instance whose disks are clones. Has no effect. After it: {@link #cloneDisks}, {@link
     * HypervisorDriver#completeLaunch} or {@link HypervisorDriver#discardLaunch}.
     *
     * @throws io.stillframe.model.SnapshotException CONFLICT if the name is taken; INVALID if a disk is smaller than the snapshot's
     */
    LaunchPlan planClone(LaunchSpec spec, VolumeSnapshot kept);

    /** Makes all disks of such a plan, in the place of what an earlier try left. */
    void cloneDisks(LaunchPlan plan);

    /**
     * What is kept on the volumes of this host's instances, found on the storage itself, without any catalog. The caller tells those that
     * are in use from orphans by their {@link SnapshotId}.
     */
    List<VolumeSnapshot> listKept();
}
