package io.stillframe.internal.engine;

import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.InstanceId;
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
        if (!Attributes.mayLend(lender)) {
            return Set.of();
        }
        Borrowers borrowers = borrowers(lender.snapshot());
        if (borrowers.unreadable().isEmpty()) {
            return in(region, borrowers.known(), lender.snapshot());
        }
        LOG.warn(
                "what {} has stored stays: the records of {}, which may be built on it, cannot be read",
                lender.snapshot().id(),
                borrowers.unreadable());
        return all(lender.snapshot(), region);
    }

    /** By the store: a record may not name any more what is left. */
    private static Set<ObjectKey> all(Snapshot lender, Region region) {
        Set<ObjectKey> all = new HashSet<>();
        new StoredObjects(region.store()).forEachObject(StoredLayout.prefix(lender.id()), object -> {
            if (StoredLayout.isDisk(object.key())) {
                all.add(object.key());
            }
        });
        return all;
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
        if (readable(base).filter(Attributes::mayLend).isPresent()) {
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
                    readable(base).filter(record -> record.snapshot().status() == SnapshotStatus.AVAILABLE);
            found.ifPresent(record -> catalog.update(Attributes.withLends(record), lease));
            return found.isPresent();
        } catch (SnapshotException e) {
            if (e.kind() == Kind.FENCED || e.kind() == Kind.NOT_FOUND) {
                // This one was held up for longer than the lease; who makes the younger one is told by another.
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
    private record Borrowers(List<Snapshot> known, Set<SnapshotId> unreadable) {}

    private static Set<ObjectKey> in(Region region, List<Snapshot> borrowers, Snapshot lender) {
        String prefix = StoredLayout.prefix(lender.id());
        Set<ObjectKey> needed = new HashSet<>();
        borrowers.stream()
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
                .map(CatalogRecord::snapshot)
                .filter(owner -> Replicas.in(region, owner)
                        .filter(copy -> lends(object, owner, copy))
                        .isPresent())
                .isPresent();
    }

    /** Nobody relies on what belongs to one whose record cannot be read; that is no fault of who asks. */
    Optional<CatalogRecord> readable(SnapshotId owner) {
        try {
            return installation.catalog().find(owner);
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

    /**
     * What is left of a removed snapshot and needed no more.
     *
     * @param certain whether there is any, as far as can be seen from here
     * @param bytes how much, of that which is needed in no region
     */
    record Unneeded(boolean certain, long bytes) {}

    /** Looks at what is left in the regions that this service has. */
    Unneeded unneeded(Snapshot removed) {
        Borrowers borrowers = borrowers(removed);
        List<Replica> left = removed.replicas().stream()
                .filter(replica -> replica.state() != Replica.State.REMOVED)
                .toList();
        List<Region> reached = left.stream()
                .flatMap(replica -> installation.regionOf(replica).stream())
                .toList();
        if (!borrowers.unreadable().isEmpty() || (reached.isEmpty() && !left.isEmpty())) {
            return new Unneeded(false, 0);
        }
        List<Set<ObjectKey>> needed = reached.stream()
                .map(region -> in(region, borrowers.known(), removed))
                .toList();
        Set<ObjectKey> somewhere = new HashSet<>();
        needed.forEach(somewhere::addAll);
        List<DiskSnapshot> nowhere = reached.size() < left.size()
                ? List.of()
                : removed.disks().stream()
                        .filter(disk -> disk.object()
                                .map(ObjectKey::of)
                                .filter(key -> !somewhere.contains(key))
                                .isPresent())
                        .toList();
        boolean certain =
                left.isEmpty() || !nowhere.isEmpty() || needed.stream().anyMatch(Set::isEmpty);
        return new Unneeded(
                certain, nowhere.stream().mapToLong(DiskSnapshot::bytesStored).sum());
    }

    private static boolean mayBeIn(Region region, Snapshot borrower) {
        return borrower.replicas().isEmpty()
                || Replicas.in(region, borrower)
                        .filter(copy -> copy.state() != Replica.State.REMOVED)
                        .isPresent();
    }

    /** What cannot be read is asked for before and after: a record may become readable in between, and may cease to be. */
    private Borrowers borrowers(Snapshot lender) {
        String prefix = StoredLayout.prefix(lender.id());
        InstanceId instance = lender.instance().id();
        Set<SnapshotId> unreadable = new HashSet<>(installation.catalog().unreadable(instance));
        List<Snapshot> known = installation.all(SnapshotQuery.all().withInstance(instance.value())).stream()
                .filter(snapshot -> !snapshot.id().equals(lender.id()) && isBuiltOn(prefix, snapshot))
                .toList();
        unreadable.addAll(installation.catalog().unreadable(instance));
        return new Borrowers(known, unreadable);
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
