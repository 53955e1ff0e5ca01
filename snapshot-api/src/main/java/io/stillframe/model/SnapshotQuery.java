package io.stillframe.model;

import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Which snapshots are to be listed, and in which order; what is left out does not restrict. Immutable; made by {@link #all()} and {@code
 * with…}, validated when built.
 *
 * @param statuses one of these; empty for any
 * @param tenant whom they were taken for
 * @param instance the name or the identity of the instance that they were taken of
 * @param hypervisor the URI of the hypervisor that they were taken on
 * @param name the snapshot's whole name
 * @param requested when they were asked for
 * @param completed when they became available
 * @param expires when they expire
 * @param order in which order
 */
public record SnapshotQuery(
        Set<SnapshotStatus> statuses,
        Optional<Tenant> tenant,
        Optional<String> instance,
        Optional<String> hypervisor,
        Optional<String> name,
        TimeRange requested,
        TimeRange completed,
        TimeRange expires,
        Order order) {
    /** The order of a listing; what agrees in it comes by identity. */
    public enum Order {
        /** By the time of the request, the latest first. */
        NEWEST_FIRST,
        /** By the time of the request, the earliest first. */
        OLDEST_FIRST,
        /** By the time of the expiry, the earliest first; those that never expire, or are not complete, are left out. */
        SOONEST_EXPIRY
    }

    private static final SnapshotQuery ALL = new SnapshotQuery(
            Set.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            TimeRange.any(),
            TimeRange.any(),
            TimeRange.any(),
            Order.NEWEST_FIRST);

    public SnapshotQuery {
        statuses = Set.copyOf(statuses);
        name.ifPresent(n -> Names.label("a snapshot's name", n));
    }

    /** Every snapshot, newest request first. */
    public static SnapshotQuery all() {
        return ALL;
    }

    public SnapshotQuery withStatus(SnapshotStatus... values) {
        EnumSet<SnapshotStatus> set = EnumSet.noneOf(SnapshotStatus.class);
        set.addAll(Arrays.asList(values));
        return new SnapshotQuery(set, tenant, instance, hypervisor, name, requested, completed, expires, order);
    }

    public SnapshotQuery withTenant(Tenant value) {
        return new SnapshotQuery(
                statuses, Optional.of(value), instance, hypervisor, name, requested, completed, expires, order);
    }

    public SnapshotQuery withInstance(String nameOrId) {
        return new SnapshotQuery(
                statuses, tenant, Optional.of(nameOrId), hypervisor, name, requested, completed, expires, order);
    }

    public SnapshotQuery withHypervisor(String uri) {
        return new SnapshotQuery(
                statuses, tenant, instance, Optional.of(uri), name, requested, completed, expires, order);
    }

    public SnapshotQuery withName(String value) {
        return new SnapshotQuery(
                statuses, tenant, instance, hypervisor, Optional.of(value), requested, completed, expires, order);
    }

    public SnapshotQuery withRequested(TimeRange value) {
        return new SnapshotQuery(statuses, tenant, instance, hypervisor, name, value, completed, expires, order);
    }

    public SnapshotQuery withCompleted(TimeRange value) {
        return new SnapshotQuery(statuses, tenant, instance, hypervisor, name, requested, value, expires, order);
    }

    public SnapshotQuery withExpires(TimeRange value) {
        return new SnapshotQuery(statuses, tenant, instance, hypervisor, name, requested, completed, value, order);
    }

    public SnapshotQuery inOrder(Order value) {
        return new SnapshotQuery(statuses, tenant, instance, hypervisor, name, requested, completed, expires, value);
    }

    /** Whether a snapshot is among those that are wanted. */
    public boolean matches(Snapshot snapshot) {
        InstanceSummary of = snapshot.instance();
        return (statuses.isEmpty() || statuses.contains(snapshot.status()))
                && tenant.filter(t -> !t.equals(snapshot.tenant())).isEmpty()
                && instance.filter(
                                i -> !i.equals(of.name()) && !i.equals(of.id().value()))
                        .isEmpty()
                && hypervisor.filter(h -> !h.equals(of.hypervisor())).isEmpty()
                && name.filter(n -> !n.equals(snapshot.name())).isEmpty()
                && requested.contains(snapshot.requestedAt())
                && completed.contains(snapshot.completedAt())
                && expires.contains(snapshot.expiresAt())
                && orderKey(snapshot).isPresent();
    }

    /** The time that a snapshot has its place in the listing by; empty if it has none in this order. */
    public Optional<Instant> orderKey(Snapshot snapshot) {
        return order == Order.SOONEST_EXPIRY ? snapshot.expiresAt() : Optional.of(snapshot.requestedAt());
    }

    /** How {@link #orderKey} sorts. */
    public Comparator<Instant> keyOrder() {
        return order == Order.NEWEST_FIRST ? Comparator.reverseOrder() : Comparator.naturalOrder();
    }
}
