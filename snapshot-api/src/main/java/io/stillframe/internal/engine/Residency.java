package io.stillframe.internal.engine;

import io.stillframe.model.InstanceSummary;
import io.stillframe.model.Placement;
import io.stillframe.model.ResidencyPolicy;
import io.stillframe.model.ResidencyRule;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.Tenant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The rules that one snapshot falls under, of the service and of its request: what every one of them allows is allowed. */
final class Residency {
    private final List<ResidencyRule> rules;

    private Residency(List<ResidencyRule> rules) {
        this.rules = rules;
    }

    static Residency of(ResidencyPolicy policy, Tenant tenant, InstanceSummary instance, Placement placement) {
        List<ResidencyRule> rules = new ArrayList<>(policy.rulesFor(tenant, instance));
        placement.residency().ifPresent(rules::add);
        return new Residency(rules);
    }

    static Residency of(ResidencyPolicy policy, Snapshot snapshot) {
        return of(policy, snapshot.tenant(), snapshot.instance(), snapshot.placement());
    }

    /** Why a region is not allowed; empty if it is. */
    Optional<String> refusal(Region region) {
        return rules.stream()
                .filter(rule -> !rule.allows(region.name(), region.jurisdiction()))
                .findFirst()
                .map(rule -> "residency rule '" + rule.name() + "' does not allow region " + region.name()
                        + region.jurisdiction()
                                .map(where -> " (jurisdiction " + where + ")")
                                .orElse("")
                        + ", only regions " + rule.regions().stream().sorted().toList() + " and jurisdictions "
                        + rule.jurisdictions().stream().sorted().toList());
    }

    boolean allows(Region region) {
        return refusal(region).isEmpty();
    }

    /** INVALID if there is any rule: hosts do not say where they are. */
    void requireNone(String what) {
        if (!rules.isEmpty()) {
            throw SnapshotException.invalid("the snapshot is not " + what + ", as residency rule '"
                    + rules.get(0).name()
                    + "' says where it may be; copy it to an allowed region and launch it from there");
        }
    }

    /** INVALID with the rule's and the region's name if it is not allowed. */
    void require(Region region) {
        refusal(region).ifPresent(why -> {
            throw SnapshotException.invalid(why);
        });
    }
}
