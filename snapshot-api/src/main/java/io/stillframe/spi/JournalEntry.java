package io.stillframe.spi;

import io.stillframe.model.SnapshotId;
import java.time.Instant;

/**
 * One line of a snapshot's journal: an intent is durable before its effect, its receipt follows the effect.
 *
 * @param snapshot whose journal
 * @param sequence 1, 2, 3, … within the journal, given by the catalog
 * @param epoch fencing epoch of the lease under which it was written
 * @param step what, e.g. {@code power-off}
 * @param stage intent or receipt
 * @param detail what recovery needs to know, at most 256 KiB, without secrets
 * @param at when, by the writer's clock
 */
public record JournalEntry(
        SnapshotId snapshot, long sequence, long epoch, String step, Stage stage, String detail, Instant at) {
    /** Before or after the effect. */
    public enum Stage {
        INTENT,
        RECEIPT
    }
}
