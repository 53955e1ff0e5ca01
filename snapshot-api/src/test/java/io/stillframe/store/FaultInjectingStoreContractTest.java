package io.stillframe.store;

import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.contract.ObjectStoreContract;

/** Without faults the decorator changes nothing. */
final class FaultInjectingStoreContractTest extends ObjectStoreContract {
    private final FaultInjectingStore store = FaultInjectingStore.around(MemoryObjectStore.create());

    @Override
    protected ObjectStore open() {
        return store;
    }
}
