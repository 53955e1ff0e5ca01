package io.stillframe.spi;

import io.stillframe.model.DiskRole;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotId;
import java.util.List;

/**
 * What a capture is going to do to a disk set, decided before anything is touched. A serialisable value: it is journaled before
 * {@link DiskCapture#begin} and is all that another process needs to read from the held point in time or to release it.
 *
 * @param snapshot the snapshot that it is for
 * @param instance whose disks
 * @param disks the disks, in the order of the instance's definition
 * @param state the capture's own serialised plan, opaque to others, at most 256 KiB, without secrets
 */
public record CapturePlan(SnapshotId snapshot, InstanceId instance, List<Disk> disks, String state) {
    /**
     * @param device name on the instance
     * @param role root or data
     * @param format declared format of the active layer
     * @param virtualSize bytes as the guest sees them
     */
    public record Disk(String device, DiskRole role, String format, long virtualSize) {}

    public CapturePlan {
        disks = List.copyOf(disks);
        if (disks.isEmpty()) {
            throw new IllegalArgumentException("a capture needs at least one disk");
        }
    }
}
