package io.stillframe.model;

import java.util.List;

/**
 * What a recovery found and did; snapshots whose owner lives, and those that need nothing, are not listed.
 *
 * @param items one for each snapshot or launch that was looked after
 */
public record RecoveryReport(List<Item> items) {
    /** What became of one snapshot. */
    public enum Outcome {
        /** Its process had died before the point in time was held: failed, its instance brought back. */
        FAILED,
        /** Its point in time is still held: the work on the image goes on in this service. */
        RESUMED,
        /** Everything had been stored when its process died: available. */
        COMPLETED,
        /** Settled before; what it still owed has been done. */
        DISCHARGED,
        /** Its removal was finished. */
        DELETED,
        /** A half-made launch was removed. */
        LAUNCH_DISCARDED,
        /** Something is still owed or left; the detail says what and why. A later recovery tries again. */
        STILL_OWED
    }

    /**
     * @param snapshot which; for a launch, the snapshot that was being launched
     * @param outcome what became of it
     * @param detail for a person
     */
    public record Item(SnapshotId snapshot, Outcome outcome, String detail) {}

    public RecoveryReport {
        items = List.copyOf(items);
    }

    /** The snapshots with that outcome. */
    public List<SnapshotId> with(Outcome outcome) {
        return items.stream()
                .filter(item -> item.outcome() == outcome)
                .map(Item::snapshot)
                .toList();
    }
}
