package io.stillframe.catalog.jdbc;

import io.stillframe.catalog.jdbc.Transactions.Look;
import io.stillframe.internal.catalog.CatalogArguments;
import io.stillframe.model.InstanceId;
import io.stillframe.model.SnapshotException;
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
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * The catalog in a database: PostgreSQL 12 or newer for a fleet of nodes, or H2 for one process. Tables are named {@code stillframe_…}
 * and lie in the connection's current schema; they are created and migrated when the catalog is opened, by several nodes at once if
 * need be.
 *
 * <p>Leases expire, and journal lines are dated, by the database's clock, which all nodes share; their own clocks may differ. Every call
 * is one transaction, isolated by row locks under READ COMMITTED. One that collides with another is run again, for up to 10 s. A lost
 * connection is replaced; when the answer to a commit is lost, the next connection looks whether it happened.
 *
 * <p>Methods throw TRANSIENT if the database does not answer, is full or shutting down, and nothing was changed; OUTCOME_UNKNOWN if a
 * commit was sent and the database has not come back within 10 s to say what became of it; PERMANENT for what will not mend itself,
 * such as a wrong password. A statement has 30 s. A record that cannot be read makes {@link #find} throw CORRUPT and is left out of
 * listings with a warning in the log.
 *
 * <p>The tables are described in {@code docs/formats/jdbc-catalog.md}. Safe for use by several threads.
 */
public final class JdbcCatalog implements SnapshotCatalog {
    private final Connections connections;
    private final Transactions transactions;
    private final String uri;
    private final Dialect dialect;
    private final CatalogTime time;
    private final LeaseRows leases;
    private final TurnRows turns;
    private volatile boolean closed;

    private JdbcCatalog(Connections connections, String uri, CatalogTime time, Dialect dialect) {
        this.connections = connections;
        this.transactions = new Transactions(connections);
        this.uri = uri;
        this.dialect = dialect;
        this.time = time;
        this.leases = new LeaseRows(time, dialect);
        this.turns = new TurnRows(time, leases);
    }

    /**
     * Opens the catalog in a database.
     *
     * @param source stays the caller's to close; one that pools is worth it, since each call takes a connection and gives it back. A
     *     connection is set to manual commits and READ COMMITTED for a call and set back after it. Give it a limit on how long it waits
     *     for the network ({@code socketTimeout} of PostgreSQL's driver), without which a call waits as long as TCP does
     * @return closed by the caller
     * @throws SnapshotException UNSUPPORTED for another database, or if a newer release migrated the tables
     */
    public static JdbcCatalog open(DataSource source) {
        return open(new SourcedConnections(source), Optional.empty());
    }

    /** The same on another clock, for the contract tests. */
    static JdbcCatalog open(DataSource source, Clock clock) {
        return open(new SourcedConnections(source), Optional.of(clock));
    }

    static JdbcCatalog open(Connections connections, Optional<Clock> clock) {
        Transactions transactions = new Transactions(connections);
        Dialect dialect = transactions.read("opening the catalog", Dialect::of);
        String url = transactions.read(
                "opening the catalog", connection -> connection.getMetaData().getURL());
        CatalogTime time = clock.map(CatalogTime::of).orElseGet(() -> CatalogTime.ofDatabase(dialect));
        Schema schema = new Schema(dialect, time);
        transactions.write("preparing the catalog's tables", schema::migrate, Look.doAgain());
        return new JdbcCatalog(connections, JdbcUri.parse(url).url(), time, dialect);
    }

    /** The database's URL, without password. */
    @Override
    public String uri() {
        return uri;
    }

    /** PostgreSQL's clock; H2 has this machine's. */
    @Override
    public Optional<Instant> ownTime() {
        return dialect == Dialect.POSTGRESQL ? Optional.of(read("asking for the time", time::now)) : Optional.empty();
    }

    @Override
    public Lease create(CatalogRecord record, String owner, Duration ttl) {
        CatalogArguments.requireFirst(record);
        SnapshotId id = record.snapshot().id();
        return write(
                "creating the record of " + id,
                c -> create(c, record, owner, ttl),
                (c, intended) -> RecordRows.find(c, id).filter(record::equals).map(found -> intended));
    }

    private Lease create(Connection connection, CatalogRecord record, String owner, Duration ttl) throws SQLException {
        SnapshotId id = record.snapshot().id();
        if (RecordRows.lockAny(connection, id)) {
            throw SnapshotException.conflict("snapshot " + id + " exists in the catalog");
        }
        RecordRows.requireUnusedToken(connection, record);
        RecordRows.requireUnclaimed(connection, record);
        RecordRows.add(connection, record);
        if (leases.acquire(connection, id.value(), owner, ttl) instanceof LeaseOutcome.Granted granted) {
            return granted.lease();
        }
        throw SnapshotException.conflict("the lease of snapshot " + id + " is held");
    }

    @Override
    public Optional<CatalogRecord> find(SnapshotId id) {
        return read("finding the record of " + id, connection -> RecordRows.find(connection, id));
    }

    @Override
    public Optional<CatalogRecord> findByToken(String token) {
        return read("finding a record by its token", connection -> RecordRows.findByToken(connection, token));
    }

    @Override
    public Page<CatalogRecord> list(SnapshotQuery query, Optional<String> after, int limit) {
        CatalogArguments.requireLimit(limit);
        Listing listing = new Listing(query, after, limit);
        return read("listing records", listing::read);
    }

    @Override
    public List<SnapshotId> unreadable(InstanceId instance) {
        return read("looking for unreadable records", connection -> Listing.unreadable(connection, instance));
    }

    @Override
    public CatalogRecord update(CatalogRecord record, Lease lease) {
        CatalogArguments.requireRecord(record);
        SnapshotId id = record.snapshot().id();
        return write(
                "writing the record of " + id,
                c -> update(c, record, lease),
                (c, intended) -> RecordRows.lock(c, id).filter(intended::equals));
    }

    private CatalogRecord update(Connection connection, CatalogRecord record, Lease lease) throws SQLException {
        SnapshotId id = record.snapshot().id();
        CatalogRecord stored = RecordRows.lock(connection, id)
                .orElseThrow(() -> SnapshotException.notFound("snapshot " + id + " is not in the catalog"));
        leases.requireLatest(connection, lease, id.value());
        CatalogRecord next = CatalogArguments.successor(stored, record);
        if (!next.claim().equals(stored.claim())) {
            RecordRows.requireUnclaimed(connection, next);
        }
        RecordRows.replace(connection, next);
        return next;
    }

    @Override
    public void remove(SnapshotId id, Lease lease) {
        write("removing the record of " + id, c -> remove(c, id, lease), Look.doAgain());
    }

    private SnapshotId remove(Connection connection, SnapshotId id, Lease lease) throws SQLException {
        if (RecordRows.lockAny(connection, id)) {
            leases.requireLatest(connection, lease, id.value());
            JournalRows.remove(connection, id);
            RecordRows.remove(connection, id);
        }
        leases.release(connection, lease);
        return id;
    }

    @Override
    public JournalEntry append(Lease lease, SnapshotId id, String step, JournalEntry.Stage stage, String detail) {
        CatalogArguments.requireStep(step, detail);
        return write(
                "writing the journal of " + id,
                c -> append(c, lease, id, step, stage, detail),
                (c, intended) -> appended(c, intended));
    }

    private JournalEntry append(
            Connection connection, Lease lease, SnapshotId id, String step, JournalEntry.Stage stage, String detail)
            throws SQLException {
        if (!RecordRows.lockAny(connection, id)) {
            throw SnapshotException.notFound("snapshot " + id + " is not in the catalog");
        }
        leases.requireLatest(connection, lease, id.value());
        long sequence = JournalRows.last(connection, id) + 1;
        JournalEntry entry = new JournalEntry(id, sequence, lease.epoch(), step, stage, detail, time.now(connection));
        JournalRows.add(connection, entry);
        return entry;
    }

    private static Optional<JournalEntry> appended(Connection connection, JournalEntry intended) throws SQLException {
        return RecordRows.lockAny(connection, intended.snapshot())
                ? JournalRows.all(connection, intended.snapshot()).stream()
                        .filter(intended::equals)
                        .findFirst()
                : Optional.empty();
    }

    @Override
    public List<JournalEntry> journal(SnapshotId id) {
        return read("reading the journal of " + id, connection -> JournalRows.all(connection, id));
    }

    @Override
    public LeaseOutcome acquire(String resource, String owner, Duration ttl) {
        CatalogArguments.wanted(resource, owner, ttl, Instant.EPOCH);
        return write(
                "acquiring the lease on " + resource,
                connection -> leases.acquire(connection, resource, owner, ttl),
                Look.doAgain());
    }

    @Override
    public Optional<TakenRecord> takeTurn(TurnRequest request, String owner, Duration ttl) {
        CatalogArguments.requireTurn(request);
        CatalogArguments.wanted("any", owner, ttl, Instant.EPOCH);
        if (!read("looking for waiting work", connection -> TurnRows.anyWaits(connection, request))) {
            return Optional.empty();
        }
        return write(
                "taking waiting work",
                c -> turns.take(c, request, owner, ttl),
                (c, intended) -> intended.isEmpty() ? Optional.empty() : turns.taken(c, intended.get()));
    }

    @Override
    public List<RunningWork> running() {
        return read("looking for running work", turns::running);
    }

    @Override
    public Page<CatalogRecord> unfinished(Owners owners, Optional<String> after, int limit) {
        CatalogArguments.requireLimit(limit);
        Optional<SnapshotId> behind = CatalogArguments.behind(after);
        return read("listing unfinished records", c -> turns.unfinished(c, owners, behind, limit));
    }

    @Override
    public Lease renew(Lease lease, Duration ttl) {
        return write(
                "renewing the lease on " + lease.resource(),
                connection -> leases.renew(connection, lease, ttl),
                Look.doAgain());
    }

    @Override
    public void release(Lease lease) {
        write(
                "releasing the lease on " + lease.resource(),
                connection -> {
                    leases.release(connection, lease);
                    return lease;
                },
                Look.doAgain());
    }

    /** Ends the use of this object; later calls fail. Closes the connections that it made itself. Idempotent. */
    @Override
    public void close() {
        closed = true;
        connections.close();
    }

    private <T> T read(String what, Transactions.Work<T> work) {
        requireOpen();
        return transactions.read(what, work);
    }

    private <T> T write(String what, Transactions.Work<T> work, Look<T> look) {
        requireOpen();
        return transactions.write(what, work, look);
    }

    private void requireOpen() {
        if (closed) {
            throw SnapshotException.permanent("the catalog " + uri + " was closed; open it again", null);
        }
    }
}
