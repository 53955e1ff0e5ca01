package io.stillframe.internal.engine;

import io.stillframe.model.Replica;
import io.stillframe.spi.ObjectStore;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A place where copies are kept.
 *
 * @param name the region's name
 * @param jurisdiction whose law it is under, for rules of residency
 * @param store its store
 */
record Region(String name, Optional<String> jurisdiction, ObjectStore store) {
    /** Whether that copy is here: its store tells, the name is what people call it. */
    boolean holds(Replica replica) {
        return store.uri().equals(replica.store());
    }

    /** By its name, of which a service has one. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Region region && region.name.equals(name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }
}
