package io.stillframe.model;

import java.util.List;
import java.util.Set;

/** Which of an instance's or a snapshot's disks are meant. */
public sealed interface DiskSelection {
    /** Every disk, as one consistent set. */
    record All() implements DiskSelection {}

    /** The root disk only. */
    record Root() implements DiskSelection {}

    /**
     * The named disks, as one consistent set.
     *
     * @param devices device names, at least one, no duplicates
     */
    record Devices(List<String> devices) implements DiskSelection {
        public Devices {
            devices = List.copyOf(devices);
            devices.forEach(Names::device);
            if (devices.isEmpty() || Set.copyOf(devices).size() != devices.size()) {
                throw SnapshotException.invalid("select at least one disk and none twice, got " + devices);
            }
        }
    }

    static DiskSelection all() {
        return new All();
    }

    static DiskSelection root() {
        return new Root();
    }

    static DiskSelection devices(List<String> devices) {
        return new Devices(devices);
    }
}
