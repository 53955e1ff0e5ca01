package io.stillframe.model;

/** How much of a snapshot's disks is stored. */
public enum Storing {
    /** Every disk whole: the snapshot needs no other one, and no other one's damage touches it. */
    WHOLE,
    /**
     * Only what differs from the latest snapshot of the same instance that is complete in all of the snapshot's regions; for the rest it
     * points into what that one and older ones have stored. Those may be removed at any time: what is pointed into stays until the last
     * snapshot that needs it is gone. A disk is stored whole where there is no such snapshot, where it would need more older objects than
     * {@link ServiceSettings#mostOlderObjects()}, and by every codec but {@code pack}.
     */
    CHANGES
}
