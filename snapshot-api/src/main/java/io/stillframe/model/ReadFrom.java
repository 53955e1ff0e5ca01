package io.stillframe.model;

import java.util.Optional;

/**
 * Which region's copy of a snapshot is read. Immutable.
 *
 * @param region the one that is read first; the snapshot's home if empty
 * @param fallback whether another complete copy is read where something of that one is missing, broken or out of reach
 */
public record ReadFrom(Optional<String> region, Fallback fallback) {
    /** Whether other copies may stand in. */
    public enum Fallback {
        /** Where the rules of residency allow it. */
        ALLOWED,
        /** Never. */
        REFUSED
    }

    public ReadFrom {
        region.ifPresent(name -> Names.token("a region's name", name));
    }

    /** The home region's copy, or any other. */
    public static ReadFrom any() {
        return new ReadFrom(Optional.empty(), Fallback.ALLOWED);
    }

    /** That region's copy, or any other. */
    public static ReadFrom preferring(String region) {
        return new ReadFrom(Optional.of(region), Fallback.ALLOWED);
    }

    /** That region's copy and no other. */
    public static ReadFrom only(String region) {
        return new ReadFrom(Optional.of(region), Fallback.REFUSED);
    }
}
