package io.stillframe.spi;

import io.stillframe.model.DiskRole;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.Names;
import java.util.List;

/**
 * The new instance that a driver is to make.
 *
 * @param name its name, not taken yet
 * @param definition the original's {@link InstanceState#definition()}
 * @param disks the disks to make, devices as on the original; all other disks of the definition are left out
 * @param start whether to start it
 */
public record LaunchSpec(String name, String definition, List<Disk> disks, LaunchRequest.Start start) {
    /**
     * @param device as on the original
     * @param role root or data
     * @param size bytes as the guest will see them
     */
    public record Disk(String device, DiskRole role, long size) {}

    public LaunchSpec {
        Names.instance(name);
        disks = List.copyOf(disks);
    }
}
