package io.stillframe.spi;

import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Records, journal and leases, durable when a call returns. Several service objects and several processes may share one catalog; its
 * own mutual exclusion makes every call atomic. Safe for use by several threads; closed by whoever opened it.
 *
 * <p>A snapshot's lease has the snapshot's identity as its resource. {@link #update}, {@link #append} and {@link #remove} are made under it:
 * they throw FENCED if the given lease is not the resource's latest one. An expired lease that nobody else has taken still counts as
 * the latest.
 */
public interface SnapshotCatalog extends AutoCloseable {
    /** Where it is, without secrets, in the form that it can be opened with again. */
    String uri();

    /**
     * Adds a record and grants its first lease.
     *
     * @param record version 1
     * @throws io.stillframe.model.SnapshotException CONFLICT if the identity exists, or the claim or the token is taken, naming the
     *     holder's snapshot
     */
    Lease create(CatalogRecord record, String owner, Duration ttl);

    /**
     * The time by a clock that is not this machine's, such as the database server's, to compare a local one with; empty if the catalog
     * has none.
     */
    default Optional<Instant> ownTime() {
        return Optional.empty();
    }

    /** The record, if it exists. */
    Optional<CatalogRecord> find(SnapshotId id);

    /** The record that was created with that idempotency token, if it exists. */
    Optional<CatalogRecord> findByToken(String token);

    /** Every record, newest request first; see {@link #list(SnapshotQuery, Optional, int)}. */
    default Page<CatalogRecord> list(Optional<String> after, int limit) {
        return list(SnapshotQuery.all(), after, limit);
    }

    /**
     * Lists records. Pages continue behind the last item that was seen: a record that does not change is listed once, whatever is
     * created, changed or removed meanwhile.
     *
     * @param after the token from the page before of the same query; empty for the first
     * @param limit most items on the page, 1 to 1000
     * @throws io.stillframe.model.SnapshotException INVALID if the token is none of this query's
     */
    Page<CatalogRecord> list(SnapshotQuery query, Optional<String> after, int limit);

    /**
     * Snapshots that may be of an instance and whose records cannot be read: damaged ones, and those that a newer version wrote. Listings
     * leave such a record out; who removes what others may need asks here as well.
     *
     * @return in no order; without those that are known to be of another instance
     */
    List<SnapshotId> unreadable(InstanceId instance);

    /**
     * Replaces a record. Identity, time of the request and token cannot change.
     *
     * @param record with the version that it was read with; stored with one more
     * @return as stored
     * @throws io.stillframe.model.SnapshotException NOT_FOUND; CONFLICT if the version is not the stored one or a new claim is taken;
     *     FENCED
     */
    CatalogRecord update(CatalogRecord record, Lease lease);

    /** Removes a record with its journal. Does not exist: success. */
    void remove(SnapshotId id, Lease lease);

    /** Adds a line to a journal; sequence and epoch are set by the catalog. */
    JournalEntry append(Lease lease, SnapshotId id, String step, JournalEntry.Stage stage, String detail);

    /** The whole journal in order; empty if there is none. */
    List<JournalEntry> journal(SnapshotId id);

    /**
     * Takes a lease that is free, expired or already the same owner's; each grant has a new, higher epoch.
     *
     * @param ttl how long it holds without renewal, 1 s to 1 h
     */
    LeaseOutcome acquire(String resource, String owner, Duration ttl);

    /**
     * Takes the work whose turn it is: of the records that wait and that the request reaches, one that no limit keeps from beginning. Its
     * work is then {@linkplain Work#begun() begun}, its version one higher, and its lease the owner's: the same lease, renewed, if the owner had it
     * (of work that waits for its owner also if it had run out: the owner may be about to renew it), otherwise a new one.
     *
     * <p>What counts towards the limits is the work of all owners that has begun and whose lease has not expired. Captures come
     * before transfers. Of tenants, the one is served that has the least of that kind running; of those, the one that was served longest
     * ago; of those, the one whose work was requested first. Of a tenant's work, the one that was requested first. Callers that ask at
     * once get different work and together keep to the limits.
     *
     * @param ttl how long the lease holds without renewal, 1 s to 1 h
     * @return empty if nothing may begin
     */
    Optional<TakenRecord> takeTurn(TurnRequest request, String owner, Duration ttl);

    /** Captures and transfers that have begun and whose lease has not expired. Costs what is unfinished, not what exists. */
    List<RunningWork> running();

    /**
     * Lists records whose work is not {@link Work#NONE}, by identity. Costs what is unfinished, not what exists.
     *
     * @param owners whether those with a living owner are left out
     * @param after the token from the page before; empty for the first
     * @param limit most items on the page, 1 to 1000
     */
    Page<CatalogRecord> unfinished(Owners owners, Optional<String> after, int limit);

    /** Which owners records may have. */
    enum Owners {
        /** Any, or none. */
        ANY,
        /** None that lives: the lease is free or expired. */
        NONE
    }

    /**
     * Extends a lease.
     *
     * @throws io.stillframe.model.SnapshotException FENCED if it is not the resource's latest one
     */
    Lease renew(Lease lease, Duration ttl);

    /** Gives a lease back, so that others need not wait for its end. Not the latest: success. */
    void release(Lease lease);

    @Override
    void close();
}
