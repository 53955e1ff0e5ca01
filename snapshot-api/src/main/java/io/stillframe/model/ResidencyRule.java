package io.stillframe.model;

import java.util.Optional;
import java.util.Set;

/**
 * Where data may be: in these regions, and in regions of these jurisdictions; nowhere else. Immutable, validated when built.
 *
 * @param name what the rule is called in refusals, for a person
 * @param regions names of allowed regions
 * @param jurisdictions names of allowed jurisdictions
 */
public record ResidencyRule(String name, Set<String> regions, Set<String> jurisdictions) {
    public ResidencyRule {
        Names.label("a residency rule's name", name);
        regions.forEach(region -> Names.token("a region's name", region));
        jurisdictions.forEach(jurisdiction -> Names.token("a jurisdiction's name", jurisdiction));
        regions = Set.copyOf(regions);
        jurisdictions = Set.copyOf(jurisdictions);
        if (regions.isEmpty() && jurisdictions.isEmpty()) {
            throw SnapshotException.invalid(
                    "residency rule '" + name + "' allows no region at all; name regions or jurisdictions");
        }
    }

    /** Allows these regions only. */
    public static ResidencyRule regions(String name, String... regions) {
        return new ResidencyRule(name, Set.of(regions), Set.of());
    }

    /** Allows regions of these jurisdictions only. */
    public static ResidencyRule jurisdictions(String name, String... jurisdictions) {
        return new ResidencyRule(name, Set.of(), Set.of(jurisdictions));
    }

    /**
     * Whether data may be in a region.
     *
     * @param jurisdiction the region's; one that has none is allowed by its name only
     */
    public boolean allows(String region, Optional<String> jurisdiction) {
        return regions.contains(region)
                || jurisdiction.filter(jurisdictions::contains).isPresent();
    }
}
