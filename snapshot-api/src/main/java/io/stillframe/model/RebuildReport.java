package io.stillframe.model;

import java.util.List;

/**
 * What a rebuild of a catalog found in the store.
 *
 * @param items one for each snapshot that has a manifest
 * @param unreached regions of several that could not be looked at, each with the reason; what they hold is found by the next rebuild
 */
public record RebuildReport(List<Item> items, List<String> unreached) {
    /** What became of one snapshot. */
    public enum Outcome {
        /** Its record was restored from its manifest. */
        RESTORED,
        /** The catalog has a record of it already, which was left as it is. */
        KNOWN,
        /** Its manifest or its objects are not what they must be; the detail says why. It was left alone. */
        FAILED
    }

    /**
     * @param snapshot which
     * @param outcome what became of it
     * @param detail for a person
     */
    public record Item(SnapshotId snapshot, Outcome outcome, String detail) {}

    public RebuildReport {
        items = List.copyOf(items);
        unreached = List.copyOf(unreached);
    }

    /** How many snapshots had that outcome. */
    public long count(Outcome outcome) {
        return items.stream().filter(item -> item.outcome() == outcome).count();
    }
}
