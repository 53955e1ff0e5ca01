package io.stillframe.store;

import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.contract.ObjectStoreContract;

final class MemoryObjectStoreTest extends ObjectStoreContract {
    private final MemoryObjectStore store = MemoryObjectStore.create();

    @Override
    protected ObjectStore open() {
        return store;
    }
}
