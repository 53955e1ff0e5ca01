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
    LAUNCH;

    boolean captures() {
        return this != DELETE && this != LAUNCH;
    }

    boolean stops() {
        return this == SHUTDOWN || this == CANCEL_STOPPING;
    }

    boolean cancels() {
        return this == CANCEL_STOPPING || this == CANCEL_SENDING;
    }
}
