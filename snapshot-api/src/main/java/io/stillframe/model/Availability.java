package io.stillframe.model;

import java.util.List;

/** From when on a snapshot that is kept in several regions is {@link SnapshotStatus#AVAILABLE}, which also begins its retention. */
public enum Availability {
    /** From when its home region has it whole, or it is kept on the volumes of its instance's disks. */
    HOME,
    /** From when more than half of its regions have it whole. */
    QUORUM,
    /** From when all of its regions have it whole. */
    ALL;

    /**
     * Whether a snapshot with these copies is available.
     *
     * @param replicas its copies, home first
     */
    public boolean isMetBy(List<Replica> replicas) {
        long complete = replicas.stream().filter(Replica::isComplete).count();
        return switch (this) {
            case HOME -> !replicas.isEmpty() && replicas.get(0).isComplete();
            case QUORUM -> complete > replicas.size() / 2;
            case ALL -> !replicas.isEmpty() && complete == replicas.size();
        };
    }
}
