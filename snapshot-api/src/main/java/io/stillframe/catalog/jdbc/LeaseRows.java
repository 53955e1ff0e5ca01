package io.stillframe.catalog.jdbc;

import io.stillframe.internal.catalog.CatalogArguments;
import io.stillframe.internal.file.SafeNames;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.TurnRequest.Whose;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Leases. Each row is locked before it is judged, so that a lease that was seen as the latest one stays it until the transaction ends.
 * Transactions that also lock a snapshot's row lock that one first.
 */
final class LeaseRows {
    private final CatalogTime time;
    private final String nextEpoch;

    LeaseRows(CatalogTime time, Dialect dialect) {
        this.time = time;
        this.nextEpoch = "SELECT " + dialect.nextEpoch();
    }

    /** Grants a lease if it is free, expired or the same owner's. */
    LeaseOutcome acquire(Connection connection, String resource, String owner, Duration ttl) throws SQLException {
        Optional<Lease> current = locked(connection, resource);
        Instant now = time.now(connection);
        Lease wanted = CatalogArguments.wanted(resource, owner, ttl, now);
        boolean held = current.isPresent()
                && current.get().expiresAt().isAfter(now)
                && !current.get().owner().equals(owner);
        if (held) {
            return new LeaseOutcome.Held(current.get());
        }
        long epoch = Sql.row(connection, row -> row.getLong(1), nextEpoch).orElseThrow();
        Lease lease = new Lease(resource, owner, epoch, wanted.expiresAt());
        if (current.isPresent()) {
            Sql.change(
                    connection,
                    "UPDATE stillframe_lease SET owner = ?, epoch = ?, expires_at = ? WHERE resource_key = ?",
                    ColumnText.of(owner),
                    epoch,
                    Nanos.of(lease.expiresAt()),
                    key(resource));
        } else {
            Sql.change(
                    connection,
                    "INSERT INTO stillframe_lease (owner, epoch, expires_at, resource_key) VALUES (?, ?, ?, ?)",
                    ColumnText.of(owner),
                    epoch,
                    Nanos.of(lease.expiresAt()),
                    key(resource));
        }
        return new LeaseOutcome.Granted(lease);
    }

    /** As {@link #acquire}; a lease that the owner has is renewed instead, for work that waits for its owner also one that ran out. */
    LeaseOutcome keepOrAcquire(Connection connection, String resource, String owner, Duration ttl, Whose whose)
            throws SQLException {
        Optional<Lease> current = locked(connection, resource);
        boolean own = current.isPresent()
                && current.get().owner().equals(owner)
                && (whose == Whose.OWN || current.get().expiresAt().isAfter(time.now(connection)));
        return own
                ? new LeaseOutcome.Granted(renew(connection, current.get(), ttl))
                : acquire(connection, resource, owner, ttl);
    }

    /** Whether that lease is the resource's latest one. */
    boolean isLatest(Connection connection, Lease lease) throws SQLException {
        return locked(connection, lease.resource())
                .filter(found -> found.epoch() == lease.epoch() && found.owner().equals(lease.owner()))
                .isPresent();
    }

    Lease renew(Connection connection, Lease lease, Duration ttl) throws SQLException {
        requireLatest(connection, lease, lease.resource());
        Lease renewed = new Lease(
                lease.resource(), lease.owner(), lease.epoch(), CatalogArguments.end(ttl, time.now(connection)));
        Sql.change(
                connection,
                "UPDATE stillframe_lease SET expires_at = ? WHERE resource_key = ?",
                Nanos.of(renewed.expiresAt()),
                key(lease.resource()));
        return renewed;
    }

    /** FENCED if it is not the resource's latest lease. */
    void requireLatest(Connection connection, Lease lease, String resource) throws SQLException {
        boolean latest = lease.resource().equals(resource) && isLatest(connection, lease);
        if (!latest) {
            throw new SnapshotException(
                    Kind.FENCED,
                    "the lease on " + resource + " with epoch " + lease.epoch()
                            + " is not the latest one; another process may have taken over");
        }
    }

    /** Not the latest: nothing happens. */
    void release(Connection connection, Lease lease) throws SQLException {
        Sql.change(
                connection,
                "DELETE FROM stillframe_lease WHERE resource_key = ? AND epoch = ? AND owner = ?",
                key(lease.resource()),
                lease.epoch(),
                ColumnText.of(lease.owner()));
    }

    static String key(String resource) {
        return SafeNames.ofText(resource);
    }

    private static Optional<Lease> locked(Connection connection, String resource) throws SQLException {
        return Sql.row(
                connection,
                row -> new Lease(
                        resource,
                        ColumnText.parse(row.getString(1), "the owner of the lease on " + resource),
                        row.getLong(2),
                        Nanos.toInstant(row.getLong(3))),
                "SELECT owner, epoch, expires_at FROM stillframe_lease WHERE resource_key = ? FOR UPDATE",
                key(resource));
    }
}
