package io.stillframe.spi;

import io.stillframe.model.DiskRole;
import java.util.List;

/**
 * One disk of an instance as its hypervisor declares it. Media that guests cannot write (CD-ROM, read-only disks) are not listed.
 *
 * @param device its name on the instance, e.g. {@code vda}
 * @param role root for the one that it boots from
 * @param virtualSize bytes as the guest sees them
 * @param chain the declared backing chain, active layer first, at least one
 */
public record InstanceDisk(String device, DiskRole role, long virtualSize, List<ImageLayer> chain) {
    public InstanceDisk {
        chain = List.copyOf(chain);
        if (chain.isEmpty()) {
            throw new IllegalArgumentException("disk " + device + " has no layer");
        }
    }

    /** The active layer's format. */
    public String format() {
        return chain.get(0).format();
    }
}
