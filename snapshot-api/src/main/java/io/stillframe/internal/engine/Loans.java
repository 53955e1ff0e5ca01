package io.stillframe.internal.engine;

import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.OlderObject;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.SnapshotCatalog;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What snapshots have stored that younger ones of the same instance point into. A younger one names in its record what it points into
 * before it looks whether that is still there, and what is removed is {@code DELETING} before it is asked here who needs it: so either the
 * one sees the removal, or the other the need.
 */
final class Loans {
    private static final Logger LOG = LoggerFactory.getLogger(Loans.class);

    private final Installation installation;

    Loans(Installation installation) {
        this.installation = installation;
    }

    /** The objects of a snapshot that others need in a region. Costs nothing for one that nobody was ever built on. */
    Set<ObjectKey> of(CatalogRecord lender, Region region) {
        return Attributes.mayLend(lender) ? in(region, borrowers(lender.snapshot()), lender.snapshot()) : Set.of();
    }

    /**
     * Makes a snapshot's record say, for ever, that others may be built on it: who removes it asks for them only then.
     *
     * @param younger that is to be built on it: the lease is for it, whichever service works on it, so that two of one service do not
     *     fence each other, and who goes on after a crash does not meet the dead one's
     * @return whether it does; not so if it is not available, or somebody works on it
     */
    boolean announce(SnapshotId base, SnapshotId younger) {
        SnapshotCatalog catalog = installation.catalog();
        if (catalog.find(base).filter(Attributes::mayLend).isPresent()) {
            return true;
        }
        LeaseOutcome outcome = catalog.acquire(
                base.value(), "the maker of " + younger, installation.settings().leaseTtl());
        return outcome instanceof LeaseOutcome.Granted granted && announce(base, granted.lease());
    }

    private boolean announce(SnapshotId base, Lease lease) {
        SnapshotCatalog catalog = installation.catalog();
        try {
            Optional<CatalogRecord> found =
                    catalog.find(base).filter(record -> record.snapshot().status() == SnapshotStatus.AVAILABLE);
            found.ifPresent(record -> catalog.update(Attributes.withLends(record), lease));
            return found.isPresent();
        } catch (SnapshotException e) {
            if (e.kind() == Kind.FENCED) {
                // By who was replaced as the younger one's maker, which is the lease that tells: this one is of the
                // base alone.
                return false;
            }
            throw e;
        } finally {
            catalog.release(lease);
        }
    }

    /**
     * Snapshots that point into what one has stored.
     *
     * @param unreadable those whose records do not tell: they may need all of it
     */
    private record Borrowers(List<Snapshot> known, List<SnapshotId> unreadable) {}

    private static Set<ObjectKey> in(Region region, Borrowers borrowers, Snapshot lender) {
        String prefix = StoredLayout.prefix(lender.id());
        Set<ObjectKey> needed = new HashSet<>();
        if (!borrowers.unreadable().isEmpty()) {
            LOG.warn(
                    "what {} has stored stays: the records of {}, which may be built on it, cannot be read",
                    lender.id(),
                    borrowers.unreadable());
            needed.addAll(stored(lender));
        }
        borrowers.known().stream()
                .filter(snapshot -> mayBeIn(region, snapshot))
                .flatMap(snapshot -> snapshot.disks().stream())
                .flatMap(disk -> disk.older().stream())
                .map(OlderObject::object)
                .filter(object -> object.startsWith(prefix))
                .forEach(object -> needed.add(ObjectKey.of(object)));
        return needed;
    }

    /**
     * Whether an object can be relied on in a region by others than its owner: the owner's copy there is whole, or it was removed and that is
     * left of it. What an unfinished copy has may go at any time.
     */
    boolean lends(ObjectKey object, Region region) {
        return StoredLayout.snapshotOf(object)
                .flatMap(this::readable)
                .filter(owner -> Replicas.in(region, owner)
                        .filter(copy -> lends(object, owner, copy))
                        .isPresent())
                .isPresent();
    }

    /** Nobody relies on what belongs to one whose record cannot be read; that is no fault of who asks. */
    private Optional<Snapshot> readable(SnapshotId owner) {
        try {
            return installation.catalog().find(owner).map(CatalogRecord::snapshot);
        } catch (SnapshotException e) {
            if (e.kind() == Kind.CORRUPT || e.kind() == Kind.UNSUPPORTED) {
                LOG.warn("what {} has stored is not built on: {}", owner, e.getMessage());
                return Optional.empty();
            }
            throw e;
        }
    }

    private static boolean lends(ObjectKey object, Snapshot owner, Replica copy) {
        return switch (owner.status()) {
            case AVAILABLE -> copy.isComplete();
            case REMOVED ->
                copy.state() != Replica.State.REMOVED
                        && owner.disks().stream().anyMatch(disk -> disk.object().equals(Optional.of(object.value())));
            case CAPTURING, QUEUED, FAILED, CANCELLED, DELETING -> false;
        };
    }

    /** Whether all that is left of a removed snapshot is still needed somewhere, and some of it in each region that has any and is reached. */
    boolean isNeededAsBefore(Snapshot removed) {
        List<Replica> left = removed.replicas().stream()
                .filter(replica -> replica.state() != Replica.State.REMOVED)
                .toList();
        Borrowers borrowers = borrowers(removed);
        List<Set<ObjectKey>> needed = left.stream()
                .flatMap(replica -> installation.regionOf(replica).stream())
                .map(region -> in(region, borrowers, removed))
                .toList();
        Set<ObjectKey> somewhere = new HashSet<>();
        needed.forEach(somewhere::addAll);
        return !left.isEmpty() && needed.stream().noneMatch(Set::isEmpty) && somewhere.containsAll(stored(removed));
    }

    /** How much of what is left of a removed snapshot is needed nowhere. */
    long unneededBytes(Snapshot removed) {
        Borrowers borrowers = borrowers(removed);
        Set<ObjectKey> needed = new HashSet<>();
        installation.regions().forEach(region -> needed.addAll(in(region, borrowers, removed)));
        return removed.disks().stream()
                .filter(disk -> disk.object()
                        .map(ObjectKey::of)
                        .filter(key -> !needed.contains(key))
                        .isPresent())
                .mapToLong(DiskSnapshot::bytesStored)
                .sum();
    }

    private static boolean mayBeIn(Region region, Snapshot borrower) {
        return borrower.replicas().isEmpty()
                || Replicas.in(region, borrower)
                        .filter(copy -> copy.state() != Replica.State.REMOVED)
                        .isPresent();
    }

    private static Set<ObjectKey> stored(Snapshot snapshot) {
        Set<ObjectKey> stored = new HashSet<>();
        snapshot.disks().forEach(disk -> disk.object().map(ObjectKey::of).ifPresent(stored::add));
        return stored;
    }

    private Borrowers borrowers(Snapshot lender) {
        String prefix = StoredLayout.prefix(lender.id());
        String instance = lender.instance().id().value();
        List<Snapshot> known = installation.all(SnapshotQuery.all().withInstance(instance)).stream()
                .filter(snapshot -> !snapshot.id().equals(lender.id()) && isBuiltOn(prefix, snapshot))
                .toList();
        return new Borrowers(known, installation.catalog().unreadable(instance));
    }

    private static boolean isBuiltOn(String prefix, Snapshot snapshot) {
        return snapshot.disks().stream()
                .flatMap(disk -> disk.older().stream())
                .anyMatch(older -> older.object().startsWith(prefix));
    }

    /** Snapshots of an instance that were removed and of which something is left. */
    List<Snapshot> removedOf(Snapshot snapshot) {
        return installation.all(SnapshotQuery.all()
                .withInstance(snapshot.instance().id().value())
                .withStatus(SnapshotStatus.REMOVED));
    }

    /** Those of all instances. */
    List<Snapshot> removed() {
        return installation.all(SnapshotQuery.all().withStatus(SnapshotStatus.REMOVED));
    }
}
