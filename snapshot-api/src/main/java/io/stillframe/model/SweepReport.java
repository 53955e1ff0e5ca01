package io.stillframe.model;

import java.util.List;

/**
 * What a sweep found.
 *
 * @param mode whether things were removed
 * @param items in the order they were found
 */
public record SweepReport(SweepMode mode, List<Item> items) {
    /** What kind of thing was found. */
    public enum Kind {
        /** A snapshot whose retention is over. */
        EXPIRED_SNAPSHOT,
        /** Stored objects that no available snapshot needs. */
        ORPHANED_OBJECTS,
        /** An upload that nobody will finish. */
        UNFINISHED_UPLOAD,
        /** A point in time still held on the host for a snapshot that is settled or unknown. */
        HELD_POINT_IN_TIME,
        /** A snapshot kept on volumes that no record names. */
        KEPT_ON_VOLUMES
    }

    /** What was done with it. */
    public enum Action {
        REMOVED,
        /** It would be removed without {@link SweepMode#DRY_RUN}. */
        WOULD_REMOVE,
        /** Left alone; the detail says why. */
        KEPT,
        /** Could not be removed; the detail says why. A later sweep tries again. */
        FAILED
    }

    /**
     * @param kind what it is
     * @param subject which: a snapshot's identity or an object's key
     * @param action what was done
     * @param bytes stored bytes that it takes, 0 if unknown
     * @param detail for a person
     */
    public record Item(Kind kind, String subject, Action action, long bytes, String detail) {}

    public SweepReport {
        items = List.copyOf(items);
    }

    /** How many items were treated so. */
    public long count(Action action) {
        return items.stream().filter(item -> item.action() == action).count();
    }
}
