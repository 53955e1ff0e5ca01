package io.stillframe.catalog;

import io.stillframe.internal.catalog.CatalogArguments;
import io.stillframe.internal.catalog.ListPosition;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.Page;
import io.stillframe.spi.RunningWork;
import io.stillframe.spi.SnapshotCatalog.Owners;
import io.stillframe.spi.TakenRecord;
import io.stillframe.spi.TurnRequest;
import io.stillframe.spi.TurnRequest.Whose;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What {@link io.stillframe.spi.SnapshotCatalog} promises, over any state: the same compare-and-set, claims, fencing and epochs for every
 * embedded catalog. Each method is called under the catalog's lock.
 *
 * <p>The order of changes within a method matters: a process may die between any two. What is written first is harmless without what
 * follows.
 */
final class CatalogRules {
    private final CatalogState state;
    private final Clock clock;

    CatalogRules(CatalogState state, Clock clock) {
        this.state = state;
        this.clock = clock;
    }

    Lease create(CatalogRecord record, Lease wanted) {
        SnapshotId id = record.snapshot().id();
        if (state.exists(id)) {
            throw SnapshotException.conflict("snapshot " + id + " exists in the catalog");
        }
        record.claim().ifPresent(claim -> requireUnclaimed(claim, id));
        record.token().flatMap(this::holder).ifPresent(CatalogRules::refuseToken);
        Lease lease = granted(wanted)
                .orElseThrow(() -> SnapshotException.conflict("the lease of snapshot " + id + " is held"));
        record.claim().ifPresent(claim -> state.claim(claim, id));
        record.token().ifPresent(token -> state.putToken(token, id));
        state.put(record);
        return lease;
    }

    CatalogRecord update(CatalogRecord record, Lease lease) {
        SnapshotId id = record.snapshot().id();
        CatalogRecord stored = state.record(id)
                .orElseThrow(() -> SnapshotException.notFound("snapshot " + id + " is not in the catalog"));
        requireLatest(lease, id.value());
        CatalogRecord next = CatalogArguments.successor(stored, record);
        if (!next.claim().equals(stored.claim())) {
            next.claim().ifPresent(claim -> requireUnclaimed(claim, id));
            next.claim().ifPresent(claim -> state.claim(claim, id));
        }
        state.put(next);
        stored.claim().filter(claim -> !next.claim().equals(Optional.of(claim))).ifPresent(state::unclaim);
        return next;
    }

    void remove(SnapshotId id, Lease lease) {
        if (state.exists(id)) {
            requireLatest(lease, id.value());
            Optional<CatalogRecord> record = readable(id);
            state.remove(id);
            record.flatMap(CatalogRecord::claim).ifPresent(state::unclaim);
            record.flatMap(CatalogRecord::token).ifPresent(state::dropToken);
        }
        release(lease);
    }

    Optional<CatalogRecord> findByToken(String token) {
        return holder(token).flatMap(state::record);
    }

    Page<CatalogRecord> list(SnapshotQuery query, Optional<String> after, int limit) {
        Optional<ListPosition> start = after.map(token -> ListPosition.parse(token, query));
        Comparator<ListPosition> sorting = ListPosition.sorting(query);
        List<ListPosition> left = state.snapshots().stream()
                .filter(query::matches)
                .map(snapshot -> position(query, snapshot))
                .filter(position -> start.isEmpty() || sorting.compare(position, start.get()) > 0)
                .sorted(sorting)
                .limit(limit + 1L)
                .toList();
        List<CatalogRecord> items = new ArrayList<>();
        left.stream().limit(limit).forEach(position -> readable(position.id()).ifPresent(items::add));
        Optional<String> next =
                left.size() > limit ? Optional.of(left.get(limit - 1).token()) : Optional.empty();
        return new Page<>(items, next);
    }

    private static ListPosition position(SnapshotQuery query, Snapshot snapshot) {
        return new ListPosition(query.order(), query.orderKey(snapshot).orElseThrow(), snapshot.id());
    }

    JournalEntry append(Lease lease, SnapshotId id, String step, JournalEntry.Stage stage, String detail) {
        if (!state.exists(id)) {
            throw SnapshotException.notFound("snapshot " + id + " is not in the catalog");
        }
        requireLatest(lease, id.value());
        long sequence = state.journal(id).size() + 1L;
        JournalEntry entry = new JournalEntry(id, sequence, lease.epoch(), step, stage, detail, clock.instant());
        state.append(entry);
        return entry;
    }

    LeaseOutcome acquire(Lease wanted) {
        Optional<Lease> lease = granted(wanted);
        if (lease.isPresent()) {
            return new LeaseOutcome.Granted(lease.get());
        }
        return new LeaseOutcome.Held(state.lease(wanted.resource()).orElseThrow());
    }

    Optional<TakenRecord> takeTurn(TurnRequest request, Lease wanted) {
        return new Turns(state, this::isHeld, request, wanted)
                .next()
                .flatMap(id -> readable(id).map(record -> begun(record, request.whose(), wanted)));
    }

    private TakenRecord begun(CatalogRecord record, Whose whose, Lease wanted) {
        SnapshotId id = record.snapshot().id();
        Lease resource = new Lease(id.value(), wanted.owner(), 0, wanted.expiresAt());
        Optional<Lease> own = state.lease(id.value())
                .filter(lease -> isHeld(lease) || whose == Whose.OWN)
                .map(lease -> new Lease(lease.resource(), lease.owner(), lease.epoch(), wanted.expiresAt()));
        own.ifPresent(state::putLease);
        Lease lease = own.or(() -> granted(resource)).orElseThrow();
        CatalogRecord begun = record.begun();
        state.put(begun);
        return new TakenRecord(begun, lease);
    }

    List<RunningWork> running() {
        return Turns.running(state, this::isHeld);
    }

    Page<CatalogRecord> unfinished(Owners owners, Optional<SnapshotId> after, int limit) {
        List<SnapshotId> left = state.unfinished().stream()
                .map(open -> open.snapshot().id())
                .filter(id -> after.isEmpty() || id.compareTo(after.get()) > 0)
                .filter(id -> owners == Owners.ANY
                        || state.lease(id.value()).filter(this::isHeld).isEmpty())
                .sorted()
                .limit(limit + 1L)
                .toList();
        List<CatalogRecord> items = new ArrayList<>();
        left.stream().limit(limit).forEach(id -> readable(id).ifPresent(items::add));
        return new Page<>(
                items, left.size() > limit ? Optional.of(left.get(limit - 1).value()) : Optional.empty());
    }

    Lease renew(Lease lease, Instant expiresAt) {
        requireLatest(lease, lease.resource());
        Lease renewed = new Lease(lease.resource(), lease.owner(), lease.epoch(), expiresAt);
        state.putLease(renewed);
        return renewed;
    }

    void release(Lease lease) {
        if (isLatest(lease, lease.resource())) {
            // First the floor: without it, a later grant could repeat this epoch.
            state.raiseEpochFloor(lease.epoch());
            state.dropLease(lease.resource());
        }
    }

    /** Grants a lease with a new epoch, if it is free, expired or the same owner's. */
    private Optional<Lease> granted(Lease wanted) {
        Optional<Lease> current = state.lease(wanted.resource());
        boolean held = current.isPresent()
                && isHeld(current.get())
                && !current.get().owner().equals(wanted.owner());
        if (held) {
            return Optional.empty();
        }
        long highest = Math.max(state.epochFloor(), current.map(Lease::epoch).orElse(0L));
        Lease lease = new Lease(wanted.resource(), wanted.owner(), Math.addExact(highest, 1), wanted.expiresAt());
        state.putLease(lease);
        return Optional.of(lease);
    }

    private boolean isHeld(Lease lease) {
        return lease.expiresAt().isAfter(clock.instant());
    }

    private void requireLatest(Lease lease, String resource) {
        if (!isLatest(lease, resource)) {
            throw new SnapshotException(
                    Kind.FENCED,
                    "the lease on " + resource + " with epoch " + lease.epoch()
                            + " is not the latest one; another process may have taken over");
        }
    }

    private boolean isLatest(Lease lease, String resource) {
        return lease.resource().equals(resource)
                && state.lease(resource)
                        .filter(latest -> latest.epoch() == lease.epoch()
                                && latest.owner().equals(lease.owner()))
                        .isPresent();
    }

    /** A claim counts as long as the record that has it exists; an unreadable one may have it still. */
    private void requireUnclaimed(String claim, SnapshotId by) {
        Optional<SnapshotId> holder = state.claimant(claim).filter(id -> !id.equals(by) && claims(id, claim));
        if (holder.isPresent()) {
            throw SnapshotException.conflict(
                    "'" + claim + "' is held by snapshot " + holder.get() + "; wait for it or cancel it");
        }
    }

    /** Who has a token; one whose record is gone or has another one counts for nothing. */
    private Optional<SnapshotId> holder(String token) {
        return state.tokenHolder(token)
                .filter(id -> readable(id)
                        .filter(record -> record.token().equals(Optional.of(token)))
                        .isPresent());
    }

    private static void refuseToken(SnapshotId holder) {
        throw SnapshotException.conflict("the idempotency token is that of snapshot " + holder);
    }

    private boolean claims(SnapshotId id, String claim) {
        if (!state.exists(id)) {
            return false;
        }
        Optional<CatalogRecord> record = readable(id);
        return record.isEmpty() || record.get().claim().equals(Optional.of(claim));
    }

    private Optional<CatalogRecord> readable(SnapshotId id) {
        try {
            return state.record(id);
        } catch (SnapshotException e) {
            if (e.kind() == Kind.CORRUPT || e.kind() == Kind.UNSUPPORTED) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
