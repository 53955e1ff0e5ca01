package io.stillframe.store;

import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.contract.ObjectStoreContract;
import java.time.Clock;
import java.util.Set;

/** A store that declares nothing keeps the core of the contract and refuses the rest. */
final class WeakMemoryObjectStoreTest extends ObjectStoreContract {
    private final MemoryObjectStore store = MemoryObjectStore.create(Set.of(), Clock.systemUTC());

    @Override
    protected ObjectStore open() {
        return store;
    }
}
