package io.stillframe.internal.engine;

import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.JournalEntry.Stage;
import io.stillframe.spi.Lease;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.TakenRecord;
import io.stillframe.spi.Work;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * A record that this service holds the lease of: the one way to change it. Passing faults of the catalog are retried, an unknown
 * outcome is resolved by looking. Once the lease is known to be lost, every method that writes throws FENCED.
 *
 * <p>Safe for use by several threads: one change at a time, while the lease is renewed beside it.
 */
final class OwnedRecord {
    private final SnapshotCatalog catalog;
    private final Retries retries;
    private final Duration ttl;
    private final Consumer<Snapshot> onChange;
    private final SnapshotId id;
    /** Ends the retries of changes under way; cancelled when the lease is lost. */
    private final Cancellation fence = new Cancellation();

    private volatile Lease lease;
    private volatile long renewedAt = System.nanoTime();
    private volatile CatalogRecord record;

    OwnedRecord(
            SnapshotCatalog catalog,
            Retries retries,
            Duration ttl,
            Lease lease,
            CatalogRecord record,
            Consumer<Snapshot> onChange) {
        this.catalog = catalog;
        this.retries = retries;
        this.ttl = ttl;
        this.lease = lease;
        this.record = record;
        this.onChange = onChange;
        this.id = record.snapshot().id();
    }

    SnapshotId id() {
        return id;
    }

    Lease lease() {
        return lease;
    }

    Snapshot snapshot() {
        return record.snapshot();
    }

    CatalogRecord record() {
        return record;
    }

    Optional<String> attribute(String key) {
        return Optional.ofNullable(record.attributes().get(key));
    }

    /** Changes the snapshot, durably when this returns. */
    Snapshot update(UnaryOperator<Snapshot> change) {
        return change(r -> r.with(change.apply(r.snapshot()))).snapshot();
    }

    /** Changes the record, durably when this returns. */
    synchronized CatalogRecord change(UnaryOperator<CatalogRecord> change) {
        record = fenced("writing the record", () -> store(change));
        onChange.accept(record.snapshot());
        return record;
    }

    /** Makes durable that something is about to be done. */
    void intent(String step, String detail) {
        append(step, Stage.INTENT, detail);
    }

    /** Notes that it was done. */
    void receipt(String step, String detail) {
        append(step, Stage.RECEIPT, detail);
    }

    /** Removes the record with its journal. */
    synchronized void remove() {
        fenced("removing the record", () -> {
            catalog.remove(id, lease);
            return id;
        });
    }

    /**
     * Makes sure that the lease is held, before something is done that only its holder may do.
     *
     * @throws SnapshotException FENCED if another has it; TRANSIENT if it ran out and the catalog does not answer
     */
    void assureLease() {
        requireOwned();
        if (System.nanoTime() - renewedAt >= ttl.toNanos()) {
            renew();
        }
    }

    /** Extends the lease. */
    void renew() {
        long asked = System.nanoTime();
        lease = once(() -> catalog.renew(lease, ttl));
        renewedAt = asked;
    }

    /** Gives the lease back. */
    void giveBack() {
        if (!isFenced()) {
            catalog.release(lease);
        }
    }

    boolean isFenced() {
        return fence.requested();
    }

    /** As what it is to be found: capture and transfer say themselves how far they are, all else follows from the record. */
    private static CatalogRecord marked(CatalogRecord changed) {
        SnapshotStatus status = changed.snapshot().status();
        boolean working = (status == SnapshotStatus.CAPTURING || status == SnapshotStatus.QUEUED)
                && Attributes.launchOf(changed).isEmpty();
        CatalogRecord marked =
                working ? changed : changed.withWork(Recovery.isRestless(changed) ? Work.DUTIES : Work.NONE);
        return atRestUnclaimed(marked);
    }

    /** The claim on the instance goes with the last thing that is owed to it, so that the next snapshot need not wait. */
    private static CatalogRecord atRestUnclaimed(CatalogRecord changed) {
        boolean atRest = (changed.snapshot().status().settled() || Replicas.isStoredOnly(changed.snapshot()))
                && changed.snapshot().obligations().isEmpty();
        return atRest ? changed.withoutClaim() : changed;
    }

    private void append(String step, Stage stage, String detail) {
        fenced("writing the journal", () -> catalog.append(lease, id, step, stage, detail));
    }

    /** Its turn has come while it waited under this lease. */
    synchronized void begun(TakenRecord taken) {
        if (taken.record().version() > record.version()) {
            record = taken.record();
        }
        lease = taken.lease();
        renewedAt = System.nanoTime();
        onChange.accept(record.snapshot());
    }

    private CatalogRecord store(UnaryOperator<CatalogRecord> change) {
        CatalogRecord wanted = marked(change.apply(record));
        try {
            return catalog.update(wanted, lease);
        } catch (SnapshotException e) {
            if (e.kind() != Kind.OUTCOME_UNKNOWN && e.kind() != Kind.CONFLICT) {
                throw e;
            }
            return resolved(wanted, e);
        }
    }

    /** Nobody else writes under this lease: a next version that says what was wanted is this one's. */
    private CatalogRecord resolved(CatalogRecord wanted, SnapshotException cause) {
        CatalogRecord found = catalog.find(id).orElseThrow(() -> lost("record " + id + " is gone", cause));
        if (found.version() == wanted.version() && cause.kind() == Kind.CONFLICT) {
            // Its claim is taken.
            throw cause;
        }
        if (record.work().waits() && found.equals(record.begun())) {
            // Its turn has come meanwhile.
            record = found;
            throw SnapshotException.transientFault("the turn of " + id + " has just come", cause);
        }
        if (found.version() == wanted.version()) {
            throw SnapshotException.transientFault("record " + id + " was not written: " + cause.getMessage(), cause);
        }
        if (found.version() == wanted.version() + 1
                && found.snapshot().equals(wanted.snapshot())
                && found.attributes().equals(wanted.attributes())) {
            return found;
        }
        throw lost("record " + id + " was changed by another process", cause);
    }

    private <T> T fenced(String what, Supplier<T> write) {
        requireOwned();
        try {
            return retries.call(what, fence, () -> once(write));
        } catch (SnapshotException e) {
            requireOwned();
            throw e;
        }
    }

    private <T> T once(Supplier<T> write) {
        try {
            return write.get();
        } catch (SnapshotException e) {
            if (e.kind() == Kind.FENCED) {
                fence.cancel(String.valueOf(e.getMessage()));
            }
            // Every write here may be made twice.
            throw Retries.repeatable(e);
        }
    }

    private void requireOwned() {
        if (isFenced()) {
            throw new SnapshotException(
                    Kind.FENCED, "another process has taken over snapshot " + id + "; this one leaves it alone");
        }
    }

    private static SnapshotException lost(String message, SnapshotException cause) {
        return new SnapshotException(Kind.FENCED, message, cause);
    }
}
