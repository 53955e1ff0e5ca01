package io.stillframe.model;

/** What a snapshot is kept on: the block storage that its instance's disks are volumes of, the stores of its regions, or both. */
public enum Keep {
    /**
     * On the volumes, if all of its disks are volumes whose snapshots can be kept and neither request nor service names a region; else in
     * the stores.
     */
    AUTOMATIC,
    /**
     * On the volumes alone: no byte is moved, it is available at once and stays where the volumes are. Copies in regions may be added later
     * ({@code SnapshotService.addCopy}). Refused as UNSUPPORTED, naming the disks, if one of them is no such volume.
     */
    VOLUMES,
    /** In the stores alone, whatever the disks are. */
    STORES,
    /**
     * On the volumes, and copied to its regions from there, without the instance. With {@link Availability#HOME} it is available as soon as it
     * is kept on the volumes. Refused as for {@link #VOLUMES}.
     */
    BOTH;

    /** Whether it asks for the volumes by name. */
    public boolean needsVolumes() {
        return this == VOLUMES || this == BOTH;
    }
}
