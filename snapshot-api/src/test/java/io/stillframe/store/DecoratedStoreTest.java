package io.stillframe.store;

import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.contract.ObjectStoreContract;

/** The decorators around each other change nothing of what a store promises. */
final class DecoratedStoreTest extends ObjectStoreContract {
    private final ObjectStore store = ReadAheadStore.around(
            RetryingStore.around(
                    LimitedStore.around(MemoryObjectStore.create(), BandwidthLimit.of(1L << 40)),
                    StoreRetries.ofDefaults()),
            64 << 10,
            2);

    @Override
    protected ObjectStore open() {
        return store;
    }
}
