package io.stillframe.model;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * Where a snapshot is to be kept, from when on it is available, and where it may be. Immutable, validated when built.
 *
 * @param regions names of the regions that are to have a copy, the snapshot's home first; the service's first region alone if empty
 * @param availability from when on it is available
 * @param residency where it may be, beside what the service's rules say; anywhere if empty
 * @param keep what it is kept on
 */
public record Placement(List<String> regions, Availability availability, Optional<ResidencyRule> residency, Keep keep) {
    private static final Placement HOME = new Placement(List.of(), Availability.HOME, Optional.empty(), Keep.AUTOMATIC);

    public Placement {
        regions.forEach(region -> Names.token("a region's name", region));
        regions = List.copyOf(regions);
        if (new HashSet<>(regions).size() < regions.size()) {
            throw SnapshotException.invalid("a snapshot has one copy in a region; named are " + regions);
        }
        if (keep == Keep.VOLUMES && !regions.isEmpty()) {
            throw SnapshotException.invalid("a snapshot that is kept on volumes alone has no region, named are "
                    + regions + "; keep it on " + Keep.BOTH + ", or name none");
        }
    }

    /** In the service's first region alone, or on the volumes where {@link Keep#AUTOMATIC} says so. */
    public static Placement home() {
        return HOME;
    }

    /** In these regions, the snapshot's home first; available as soon as it is whole there. */
    public static Placement in(String home, String... others) {
        List<String> regions = new ArrayList<>();
        regions.add(home);
        regions.addAll(List.of(others));
        return HOME.withRegions(regions);
    }

    public Placement withRegions(List<String> value) {
        return new Placement(value, availability, residency, keep);
    }

    public Placement withAvailability(Availability value) {
        return new Placement(regions, value, residency, keep);
    }

    public Placement withResidency(ResidencyRule value) {
        return new Placement(regions, availability, Optional.of(value), keep);
    }

    /** What it is kept on. */
    public Placement withKeep(Keep value) {
        return new Placement(regions, availability, residency, value);
    }
}
