package io.stillframe.libvirt.internal.driver;

import io.stillframe.libvirt.internal.domain.RbdVolume;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import java.util.function.Function;

/** Launches whose disks are clones of volumes; completed and discarded as all others. */
public final class CloneLaunches {
    private final Launches launches;

    CloneLaunches(Launches launches) {
        this.launches = launches;
    }

    /**
     * Decides names and places.
     *
     * @param volumeOf the volume that a device's clone is of
     * @param snapshot the name of its snapshot
     */
    public LaunchPlan plan(LaunchSpec spec, Function<String, RbdVolume> volumeOf, String snapshot) {
        return launches.planClones(spec, device -> new DiskPlace.Origin(volumeOf.apply(device), snapshot));
    }

    /** Makes all disks of a plan. */
    public void cloneDisks(LaunchPlan plan) {
        launches.cloneDisks(plan);
    }
}
