package io.stillframe.spi;

import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotId;
import java.util.List;

/**
 * A point in time that stays on the block storage that its instance's disks are on. A serialisable value: all that another process needs
 * to read it, clone it or remove it.
 *
 * @param snapshot the snapshot that it belongs to
 * @param instance whose disks
 * @param disks the disks, in the order of the instance's definition
 * @param state the plugin's own description of the volumes, opaque to others, at most 256 KiB, without secrets
 */
public record VolumeSnapshot(SnapshotId snapshot, InstanceId instance, List<CapturePlan.Disk> disks, String state) {
    public VolumeSnapshot {
        disks = List.copyOf(disks);
        if (disks.isEmpty()) {
            throw new IllegalArgumentException("a volume snapshot needs at least one disk");
        }
    }
}
