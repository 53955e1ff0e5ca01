package io.stillframe.model;

import java.util.List;

/**
 * What a scrub found of a snapshot's copies.
 *
 * @param snapshot whose
 * @param items one for each copy
 */
public record ScrubReport(SnapshotId snapshot, List<Item> items) {
    /** What a copy is. */
    public enum Outcome {
        /** Every byte of it is what was stored. */
        WHOLE,
        /** Something of it is missing or is not what was stored. */
        DAMAGED,
        /** It was damaged, and is copied anew from a whole one: it is {@link Replica.State#BEHIND} until that is done. */
        REPAIRING,
        /** It is not complete and was not looked at. */
        INCOMPLETE,
        /** It could not be looked at: this service does not reach it, its store does not answer, or a rule of residency forbids it. */
        UNREACHED
    }

    /**
     * @param region where
     * @param outcome what it is
     * @param detail for a person
     */
    public record Item(String region, Outcome outcome, String detail) {}

    public ScrubReport {
        items = List.copyOf(items);
    }

    /** How many copies are that. */
    public long count(Outcome outcome) {
        return items.stream().filter(item -> item.outcome() == outcome).count();
    }
}
