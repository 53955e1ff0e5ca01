package io.stillframe.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The rules of residency that a service keeps to, each for all snapshots, for a tenant's or for an instance's. All rules that a snapshot
 * falls under hold at once, with the one of its request: a region is allowed if every one of them allows it. Immutable.
 *
 * @param entries the rules, each with whom it is for
 */
public record ResidencyPolicy(List<Entry> entries) {
    private static final ResidencyPolicy NONE = new ResidencyPolicy(List.of());

    /** Whose snapshots a rule is for. */
    public sealed interface Scope {
        /** Everybody's. */
        record Everything() implements Scope {}

        /** One tenant's. */
        record OfTenant(Tenant tenant) implements Scope {}

        /**
         * One instance's.
         *
         * @param instance its name or identity
         */
        record OfInstance(String instance) implements Scope {
            public OfInstance {
                Names.instance(instance);
            }
        }
    }

    /**
     * A rule and whom it is for.
     *
     * @param scope whose snapshots
     * @param rule where they may be
     */
    public record Entry(Scope scope, ResidencyRule rule) {
        private boolean isFor(Tenant tenant, InstanceSummary instance) {
            if (scope instanceof Scope.OfTenant some) {
                return some.tenant().equals(tenant);
            }
            if (scope instanceof Scope.OfInstance some) {
                return some.instance().equals(instance.name())
                        || some.instance().equals(instance.id().value());
            }
            return true;
        }
    }

    public ResidencyPolicy {
        entries = List.copyOf(entries);
    }

    /** Everything may be everywhere. */
    public static ResidencyPolicy none() {
        return NONE;
    }

    /** With one more rule, for all snapshots. */
    public ResidencyPolicy with(ResidencyRule rule) {
        return with(new Scope.Everything(), rule);
    }

    /** With one more rule, for that tenant's snapshots. */
    public ResidencyPolicy with(Tenant tenant, ResidencyRule rule) {
        return with(new Scope.OfTenant(tenant), rule);
    }

    /**
     * With one more rule, for snapshots of that instance.
     *
     * @param instance its name or identity
     */
    public ResidencyPolicy with(String instance, ResidencyRule rule) {
        return with(new Scope.OfInstance(instance), rule);
    }

    private ResidencyPolicy with(Scope scope, ResidencyRule rule) {
        List<Entry> more = new ArrayList<>(entries);
        more.add(new Entry(scope, rule));
        return new ResidencyPolicy(more);
    }

    /** The rules that a snapshot of that tenant and instance falls under. */
    public List<ResidencyRule> rulesFor(Tenant tenant, InstanceSummary instance) {
        return entries.stream()
                .filter(entry -> entry.isFor(tenant, instance))
                .map(Entry::rule)
                .toList();
    }
}
