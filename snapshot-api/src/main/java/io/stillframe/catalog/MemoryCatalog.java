package io.stillframe.catalog;

import io.stillframe.internal.catalog.CatalogArguments;
import io.stillframe.model.InstanceId;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.JournalEntry;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.Page;
import io.stillframe.spi.RunningWork;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.TakenRecord;
import io.stillframe.spi.TurnRequest;
import io.stillframe.spi.Work;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A catalog in memory, for tests of control planes and for trials: every rule of {@link SnapshotCatalog} but durability. Several service
 * objects of one process may share it. Its content lives as long as the object; {@link #close()} changes nothing, so that a service
 * that was opened after another one was closed finds what that one left. Safe for use by several threads.
 */
public final class MemoryCatalog implements SnapshotCatalog {
    private final Object lock = new Object();
    private final Clock clock;
    private final CatalogRules rules;
    private final CatalogState state = new Content();

    private MemoryCatalog(Clock clock) {
        this.clock = clock;
        this.rules = new CatalogRules(state, clock);
    }

    /** An empty catalog on the system's clock. */
    public static MemoryCatalog create() {
        return create(Clock.systemUTC());
    }

    /** An empty catalog whose leases expire by {@code clock}. */
    public static MemoryCatalog create(Clock clock) {
        return new MemoryCatalog(clock);
    }

    /** {@code memory:}, which says what it is; nothing can be opened with it. */
    @Override
    public String uri() {
        return "memory:";
    }

    @Override
    public Lease create(CatalogRecord record, String owner, Duration ttl) {
        CatalogArguments.requireFirst(record);
        String resource = record.snapshot().id().value();
        synchronized (lock) {
            return rules.create(record, CatalogArguments.wanted(resource, owner, ttl, clock.instant()));
        }
    }

    @Override
    public Optional<CatalogRecord> find(SnapshotId id) {
        synchronized (lock) {
            return state.record(id);
        }
    }

    @Override
    public Optional<CatalogRecord> findByToken(String token) {
        synchronized (lock) {
            return rules.findByToken(token);
        }
    }

    @Override
    public Page<CatalogRecord> list(SnapshotQuery query, Optional<String> after, int limit) {
        CatalogArguments.requireLimit(limit);
        synchronized (lock) {
            return rules.list(query, after, limit);
        }
    }

    /** None: what is in memory can be read. */
    @Override
    public List<SnapshotId> unreadable(InstanceId instance) {
        return List.of();
    }

    @Override
    public CatalogRecord update(CatalogRecord record, Lease lease) {
        CatalogArguments.requireRecord(record);
        synchronized (lock) {
            return rules.update(record, lease);
        }
    }

    @Override
    public void remove(SnapshotId id, Lease lease) {
        synchronized (lock) {
            rules.remove(id, lease);
        }
    }

    @Override
    public JournalEntry append(Lease lease, SnapshotId id, String step, JournalEntry.Stage stage, String detail) {
        CatalogArguments.requireStep(step, detail);
        synchronized (lock) {
            return rules.append(lease, id, step, stage, detail);
        }
    }

    @Override
    public List<JournalEntry> journal(SnapshotId id) {
        synchronized (lock) {
            return state.journal(id);
        }
    }

    @Override
    public LeaseOutcome acquire(String resource, String owner, Duration ttl) {
        synchronized (lock) {
            return rules.acquire(CatalogArguments.wanted(resource, owner, ttl, clock.instant()));
        }
    }

    @Override
    public Optional<TakenRecord> takeTurn(TurnRequest request, String owner, Duration ttl) {
        CatalogArguments.requireTurn(request);
        synchronized (lock) {
            return rules.takeTurn(request, CatalogArguments.wanted("any", owner, ttl, clock.instant()));
        }
    }

    @Override
    public List<RunningWork> running() {
        synchronized (lock) {
            return rules.running();
        }
    }

    @Override
    public Page<CatalogRecord> unfinished(Owners owners, Optional<String> after, int limit) {
        CatalogArguments.requireLimit(limit);
        synchronized (lock) {
            return rules.unfinished(owners, CatalogArguments.behind(after), limit);
        }
    }

    @Override
    public Lease renew(Lease lease, Duration ttl) {
        synchronized (lock) {
            return rules.renew(lease, CatalogArguments.end(ttl, clock.instant()));
        }
    }

    @Override
    public void release(Lease lease) {
        synchronized (lock) {
            rules.release(lease);
        }
    }

    /** Does nothing: the content lives as long as the object. */
    @Override
    public void close() {}

    /** What the catalog holds; guarded by its lock. */
    private static final class Content implements CatalogState {
        private final Map<SnapshotId, CatalogRecord> records = new HashMap<>();
        private final Map<SnapshotId, List<JournalEntry>> journals = new HashMap<>();
        private final Map<String, SnapshotId> claims = new HashMap<>();
        private final Map<String, SnapshotId> tokens = new HashMap<>();
        private final Map<String, Lease> leases = new HashMap<>();
        private final Map<SnapshotId, OpenRecord> open = new HashMap<>();
        private Map<String, Long> turns = Map.of();
        private long epochFloor;

        @Override
        public boolean exists(SnapshotId id) {
            return records.containsKey(id);
        }

        @Override
        public Optional<CatalogRecord> record(SnapshotId id) {
            return Optional.ofNullable(records.get(id));
        }

        @Override
        public void put(CatalogRecord record) {
            SnapshotId id = record.snapshot().id();
            records.put(id, record);
            if (record.work() == Work.NONE) {
                open.remove(id);
            } else {
                open.put(id, new OpenRecord(record.snapshot(), record.work()));
            }
        }

        @Override
        public void remove(SnapshotId id) {
            journals.remove(id);
            records.remove(id);
            open.remove(id);
        }

        @Override
        public Collection<Snapshot> snapshots() {
            return records.values().stream().map(CatalogRecord::snapshot).toList();
        }

        @Override
        public Collection<OpenRecord> unfinished() {
            return List.copyOf(open.values());
        }

        @Override
        public Map<String, Long> turns() {
            return turns;
        }

        @Override
        public void putTurns(Map<String, Long> value) {
            turns = Map.copyOf(value);
        }

        @Override
        public Optional<SnapshotId> tokenHolder(String token) {
            return Optional.ofNullable(tokens.get(token));
        }

        @Override
        public void putToken(String token, SnapshotId id) {
            tokens.put(token, id);
        }

        @Override
        public void dropToken(String token) {
            tokens.remove(token);
        }

        @Override
        public Optional<SnapshotId> claimant(String claim) {
            return Optional.ofNullable(claims.get(claim));
        }

        @Override
        public void claim(String claim, SnapshotId id) {
            claims.put(claim, id);
        }

        @Override
        public void unclaim(String claim) {
            claims.remove(claim);
        }

        @Override
        public Optional<Lease> lease(String resource) {
            return Optional.ofNullable(leases.get(resource));
        }

        @Override
        public void putLease(Lease lease) {
            leases.put(lease.resource(), lease);
        }

        @Override
        public void dropLease(String resource) {
            leases.remove(resource);
        }

        @Override
        public long epochFloor() {
            return epochFloor;
        }

        @Override
        public void raiseEpochFloor(long epoch) {
            epochFloor = Math.max(epochFloor, epoch);
        }

        @Override
        public List<JournalEntry> journal(SnapshotId id) {
            return List.copyOf(journals.getOrDefault(id, List.of()));
        }

        @Override
        public void append(JournalEntry entry) {
            journals.computeIfAbsent(entry.snapshot(), id -> new ArrayList<>()).add(entry);
        }
    }
}
