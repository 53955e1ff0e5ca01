package io.stillframe.internal.engine;

import io.stillframe.model.OlderObject;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotQuery;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.SnapshotCatalog;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What snapshots have stored that younger ones of the same instance point into. A younger one names in its record what it points into
 * before it looks whether that is still there, and what is removed is {@code DELETING} before it is asked here who needs it: so either the
 * one sees the removal, or the other the need.
 */
final class Loans {
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
     * @param younger that is to be built on it: each has a lease of its own, so that two of one service do not fence each other
     * @return whether it does; not so if it is not available, or somebody works on it
     */
    boolean announce(SnapshotId base, SnapshotId younger) {
        SnapshotCatalog catalog = installation.catalog();
        if (catalog.find(base).filter(Attributes::mayLend).isPresent()) {
            return true;
        }
        String owner = installation.owner() + "/" + younger;
        LeaseOutcome outcome =
                catalog.acquire(base.value(), owner, installation.settings().leaseTtl());
        if (!(outcome instanceof LeaseOutcome.Granted granted)) {
            return false;
        }
        try {
            Optional<CatalogRecord> found =
                    catalog.find(base).filter(record -> record.snapshot().status() == SnapshotStatus.AVAILABLE);
            found.ifPresent(record -> catalog.update(Attributes.withLends(record), granted.lease()));
            return found.isPresent();
        } finally {
            catalog.release(granted.lease());
        }
    }

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
                .flatMap(owner -> installation.catalog().find(owner))
                .map(CatalogRecord::snapshot)
                .filter(owner -> Replicas.in(region, owner)
                        .filter(copy -> lends(object, owner, copy))
                        .isPresent())
                .isPresent();
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
        List<Snapshot> borrowers = borrowers(removed);
        Set<ObjectKey> stored = new HashSet<>();
        removed.disks().forEach(disk -> disk.object().map(ObjectKey::of).ifPresent(stored::add));
        List<Set<ObjectKey>> needed = left.stream()
                .flatMap(replica -> installation.regionOf(replica).stream())
                .map(region -> in(region, borrowers, removed))
                .toList();
        Set<ObjectKey> somewhere = new HashSet<>();
        needed.forEach(somewhere::addAll);
        return !left.isEmpty() && needed.stream().noneMatch(Set::isEmpty) && somewhere.containsAll(stored);
    }

    private static boolean mayBeIn(Region region, Snapshot borrower) {
        return borrower.replicas().isEmpty()
                || Replicas.in(region, borrower)
                        .filter(copy -> copy.state() != Replica.State.REMOVED)
                        .isPresent();
    }

    private List<Snapshot> borrowers(Snapshot lender) {
        String prefix = StoredLayout.prefix(lender.id());
        return installation
                .all(SnapshotQuery.all().withInstance(lender.instance().id().value()))
                .stream()
                .filter(snapshot -> !snapshot.id().equals(lender.id()) && isBuiltOn(prefix, snapshot))
                .toList();
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
