package io.stillframe.spi;

import io.stillframe.model.DiskSelection;
import io.stillframe.model.SnapshotId;
import java.util.List;

/**
 * Holds a point in time of an instance's disks. The order is always plan, journal, {@link #begin}, {@link #open}…, {@link #release};
 * each but the first is idempotent and may be called by another process than the one before.
 *
 * <p>Safe for use by several threads for different plans. Owned and closed by its {@link Hypervisor}.
 */
public interface DiskCapture {
    /** Its name, e.g. {@code overlay}. */
    String name();

    /**
     * Observes the instance and decides what to hold and under which names. Has no effect.
     *
     * @param instance as just observed
     * @param disks which disks
     * @throws io.stillframe.model.SnapshotException NOT_FOUND if a named disk does not exist, naming those that do; UNSUPPORTED if a
     *     disk's kind, format or chain cannot be held; CONFLICT if something else (a block job, a foreign backup) holds one
     */
    CapturePlan plan(SnapshotId snapshot, InstanceState instance, DiskSelection disks);

    /**
     * Holds the point in time, atomically over all disks of the plan: when it returns, every later write goes elsewhere; when it
     * throws, no disk is held, or {@link #release} is owed (OUTCOME_UNKNOWN). Works on running and on stopped instances; its time does
     * not grow with the disks' sizes. Already held: success.
     */
    void begin(CapturePlan plan);

    /**
     * Opens one disk's held content.
     *
     * @param device one of the plan's
     * @return closed by the caller, before {@link #release}
     * @throws io.stillframe.model.SnapshotException NOT_FOUND if the point in time is not held (any more)
     */
    BlockSource open(CapturePlan plan, String device);

    /**
     * Gives the point in time up: writes made since are merged back live or offline, and no overlay, scratch file, socket, bitmap or
     * volume snapshot stays behind. Never loses a write, whatever the instance does meanwhile. Not held, or already released:
     * success. Takes time that grows with what changed; progress is watched by the implementation, which throws TRANSIENT when it
     * stalls.
     *
     * @param cancellation stops early with CANCELLED, the release still being owed
     */
    void release(CapturePlan plan, Cancellation cancellation);

    /**
     * Points in time on this host that were held by this kind of capture and are not released, found on the host itself, without any
     * catalog. The caller tells those that are in use from orphans by their snapshot.
     */
    List<CapturePlan> listHeld();
}
