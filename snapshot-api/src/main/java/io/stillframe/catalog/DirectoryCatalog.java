package io.stillframe.catalog;

import io.stillframe.internal.catalog.CatalogArguments;
import io.stillframe.internal.file.DurableFiles;
import io.stillframe.internal.file.FileFaults;
import io.stillframe.internal.file.ProcessLock;
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
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The embedded catalog: a directory of small files on a local file system, without any server. Any number of catalog objects, threads
 * and processes of one machine may use the same directory at once, by whatever paths; a lock on one of its files makes every call
 * atomic among them. A process that is killed at any instant leaves a catalog that the next one reads.
 *
 * <p>Made for one machine and up to some ten thousand snapshots: each call costs a few small synchronous writes, the first listing
 * of an object reads every record once, and each one looks at every record's file. Network file systems are not supported, since their locks and renames promise less.
 *
 * <p>A record that cannot be read (a damaged disk, a foreign hand) makes {@link #find} and {@link #update} of that snapshot throw CORRUPT
 * with the file's name, is left out of {@link #list} with a warning in the log, is told by {@link #unreadable}, and can be removed. Its
 * claim stays taken. It does not stand in the way of other snapshots.
 *
 * <p>Methods throw TRANSIENT if another process holds the lock for 30 s, PERMANENT if the file system refuses, e.g. because it is full.
 * Interrupts do not break calls. The layout is described in {@code docs/formats/directory-catalog.md}. Safe for use by several threads.
 */
public final class DirectoryCatalog implements SnapshotCatalog {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Path root;
    private final Path lockFile;
    private final Clock clock;
    private final DirectoryState state;
    private final CatalogRules rules;
    private volatile boolean closed;

    private DirectoryCatalog(Path root, Clock clock) {
        this.root = root;
        this.lockFile = root.resolve("lock");
        this.clock = clock;
        this.state = new DirectoryState(root);
        this.rules = new CatalogRules(state, clock);
    }

    /**
     * Opens the catalog in a directory on the system's clock.
     *
     * @param directory created if it does not exist, then with access for its owner only
     * @return closed by the caller
     * @throws SnapshotException PERMANENT if the directory cannot be used; UNSUPPORTED if a newer release wrote it
     */
    public static DirectoryCatalog open(Path directory) {
        return open(directory, Clock.systemUTC());
    }

    /**
     * The same on another clock, by which leases expire and journal lines are dated. Everybody who shares the directory must have
     * clocks that agree within a fraction of a lease's duration.
     */
    public static DirectoryCatalog open(Path directory, Clock clock) {
        DirectoryCatalog catalog = new DirectoryCatalog(created(directory), clock);
        catalog.locked(() -> {
            catalog.state.prepare();
            return catalog;
        });
        return catalog;
    }

    /** The directory as a {@code file:} URI. */
    @Override
    public String uri() {
        return root.toUri().toString();
    }

    @Override
    public Lease create(CatalogRecord record, String owner, Duration ttl) {
        CatalogArguments.requireFirst(record);
        String resource = record.snapshot().id().value();
        return locked(() -> rules.create(record, CatalogArguments.wanted(resource, owner, ttl, clock.instant())));
    }

    @Override
    public Optional<CatalogRecord> find(SnapshotId id) {
        return locked(() -> state.record(id));
    }

    /** {@inheritDoc} Records that cannot be read are left out; a page may be short of them and still have a next. */
    @Override
    public Page<CatalogRecord> list(SnapshotQuery query, Optional<String> after, int limit) {
        CatalogArguments.requireLimit(limit);
        return locked(() -> rules.list(query, after, limit));
    }

    @Override
    public Optional<CatalogRecord> findByToken(String token) {
        return locked(() -> rules.findByToken(token));
    }

    @Override
    public Optional<TakenRecord> takeTurn(TurnRequest request, String owner, Duration ttl) {
        CatalogArguments.requireTurn(request);
        return locked(() -> rules.takeTurn(request, CatalogArguments.wanted("any", owner, ttl, clock.instant())));
    }

    @Override
    public List<RunningWork> running() {
        return locked(rules::running);
    }

    /** {@inheritDoc} Records that cannot be read are left out. */
    @Override
    public Page<CatalogRecord> unfinished(Owners owners, Optional<String> after, int limit) {
        CatalogArguments.requireLimit(limit);
        return locked(() -> rules.unfinished(owners, CatalogArguments.behind(after), limit));
    }

    @Override
    public CatalogRecord update(CatalogRecord record, Lease lease) {
        CatalogArguments.requireRecord(record);
        return locked(() -> rules.update(record, lease));
    }

    @Override
    public void remove(SnapshotId id, Lease lease) {
        locked(() -> {
            rules.remove(id, lease);
            return id;
        });
    }

    @Override
    public JournalEntry append(Lease lease, SnapshotId id, String step, JournalEntry.Stage stage, String detail) {
        CatalogArguments.requireStep(step, detail);
        return locked(() -> rules.append(lease, id, step, stage, detail));
    }

    @Override
    public List<JournalEntry> journal(SnapshotId id) {
        return locked(() -> state.journal(id));
    }

    @Override
    public LeaseOutcome acquire(String resource, String owner, Duration ttl) {
        return locked(() -> rules.acquire(CatalogArguments.wanted(resource, owner, ttl, clock.instant())));
    }

    @Override
    public Lease renew(Lease lease, Duration ttl) {
        return locked(() -> rules.renew(lease, CatalogArguments.end(ttl, clock.instant())));
    }

    @Override
    public void release(Lease lease) {
        locked(() -> {
            rules.release(lease);
            return lease;
        });
    }

    /** Those of other instances as well, if this object has never read them: only the record says whose it is. */
    @Override
    public List<SnapshotId> unreadable(InstanceId instance) {
        return locked(() -> state.unreadable(instance));
    }

    /** The records that cannot be read, each with its file's name and what is wrong with it. */
    public Map<SnapshotId, String> unreadable() {
        return locked(state::unreadable);
    }

    /** Ends the use of this object; later calls fail. The directory stays. Idempotent. */
    @Override
    public void close() {
        closed = true;
    }

    private <T> T locked(Supplier<T> work) {
        if (closed) {
            throw SnapshotException.permanent("the catalog " + root + " was closed; open it again", null);
        }
        ProcessLock lock = lock();
        try {
            return work.get();
        } finally {
            lock.close();
        }
    }

    private ProcessLock lock() {
        try {
            return ProcessLock.acquire(lockFile, PATIENCE)
                    .orElseThrow(() -> SnapshotException.transientFault(
                            "another process has held " + lockFile + " for " + PATIENCE.toSeconds() + " s", null));
        } catch (IOException e) {
            throw FileFaults.of("cannot lock " + lockFile, e);
        }
    }

    private static Path created(Path directory) {
        try {
            DurableFiles.createPrivateDirectories(directory);
            return directory.toRealPath();
        } catch (IOException e) {
            throw FileFaults.of("cannot open the catalog " + directory, e);
        }
    }
}
