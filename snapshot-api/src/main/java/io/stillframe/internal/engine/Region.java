package io.stillframe.internal.engine;

import io.stillframe.model.Replica;
import io.stillframe.spi.ObjectStore;
import java.util.Optional;

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

    @Override
    public String toString() {
        return name;
    }
}
