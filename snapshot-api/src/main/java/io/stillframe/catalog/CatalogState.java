package io.stillframe.catalog;

import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.Lease;
import io.stillframe.spi.Work;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where a catalog's content lies. Called under the catalog's lock only; every change is durable and visible, whole or not at all, when
 * its call returns. Knows nothing of the rules, which are {@link CatalogRules}'.
 */
interface CatalogState {
    /** Whether there is a record, readable or not. */
    boolean exists(SnapshotId id);

    /** The record, if it exists; CORRUPT if it cannot be read. */
    Optional<CatalogRecord> record(SnapshotId id);

    void put(CatalogRecord record);

    /** Removes record and journal. Does not exist: success. */
    void remove(SnapshotId id);

    /** The snapshots of all readable records; disks may be left out. */
    Collection<Snapshot> snapshots();

    /** The readable records whose work is not {@link Work#NONE}. Costs what they are, not what exists. */
    Collection<OpenRecord> unfinished();

    /** Numbers of the turns in which tenants were last served, by any keys; a key that is missing counts as 0. */
    Map<String, Long> turns();

    void putTurns(Map<String, Long> turns);

    /**
     * A record that is not at rest.
     *
     * @param snapshot without disks
     * @param work what is left to be done
     */
    record OpenRecord(Snapshot snapshot, Work work) {}

    /** Who was last given the claim; that record may be gone. */
    Optional<SnapshotId> claimant(String claim);

    void claim(String claim, SnapshotId id);

    void unclaim(String claim);

    /** Who was last given the token; that record may be gone. */
    Optional<SnapshotId> tokenHolder(String token);

    void putToken(String token, SnapshotId id);

    void dropToken(String token);

    Optional<Lease> lease(String resource);

    void putLease(Lease lease);

    void dropLease(String resource);

    /** No lease that was ever dropped had a higher epoch than this. */
    long epochFloor();

    void raiseEpochFloor(long epoch);

    List<JournalEntry> journal(SnapshotId id);

    void append(JournalEntry entry);
}
