package io.stillframe.libvirt.crash;

/** What the process that is going to be killed does. */
enum Work {
    /** Takes a snapshot of the running guest by shutting it down. */
    SHUTDOWN,
    /** Takes a snapshot of the running guest without stopping it. */
    LIVE,
    /** Takes a snapshot by shutdown that is cancelled while the guest is going down. */
    CANCEL_STOPPING,
    /** Takes a live snapshot that is cancelled while its disks are being sent. */
    CANCEL_SENDING,
    /** Removes an available snapshot. */
    DELETE,
    /** Makes a new instance of an available snapshot. */
    LAUNCH,
    /** Takes a live snapshot that stores what changed since an available one. */
    CHANGES,
    /** Removes an available snapshot that a younger one is built on. */
    DELETE_BASE,
    /** Removes the last one that is built on a removed one. */
    DELETE_LAST,
    /** Takes a live snapshot of a guest on volumes, which is kept on them. */
    VOLUME,
    /** Removes one that is kept on volumes. */
    VOLUME_DELETE,
    /** Makes a new instance of clones of such. */
    VOLUME_LAUNCH,
    /** Stores one that is kept on volumes in a region, too. */
    VOLUME_COPY;

    boolean captures() {
        return this == VOLUME || !onVolumes() && !deletes() && this != LAUNCH;
    }

    private boolean deletes() {
        return this == DELETE || this == DELETE_BASE || this == DELETE_LAST;
    }

    /** Whether one of its snapshots is built on another one. */
    boolean isBuiltOn() {
        return this == CHANGES || this == DELETE_BASE || this == DELETE_LAST;
    }

    boolean launches() {
        return this == LAUNCH || this == VOLUME_LAUNCH;
    }

    /** Whether the guest's disks have to be volumes. */
    boolean onVolumes() {
        return this == VOLUME || this == VOLUME_DELETE || this == VOLUME_LAUNCH || this == VOLUME_COPY;
    }

    boolean stops() {
        return this == SHUTDOWN || this == CANCEL_STOPPING;
    }

    boolean cancels() {
        return this == CANCEL_STOPPING || this == CANCEL_SENDING;
    }
}
