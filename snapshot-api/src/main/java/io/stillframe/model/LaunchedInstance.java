package io.stillframe.model;

import java.util.List;

/**
 * A new instance launched from a snapshot.
 *
 * @param id its identity on the hypervisor
 * @param name its name
 * @param disks its disks
 */
public record LaunchedInstance(InstanceId id, String name, List<Disk> disks) {
    /**
     * @param device name on the instance
     * @param location where it lies, as the hypervisor names it, e.g. a path
     * @param format its format
     * @param virtualSize bytes as the guest sees them
     */
    public record Disk(String device, String location, String format, long virtualSize) {}

    public LaunchedInstance {
        disks = List.copyOf(disks);
    }
}
