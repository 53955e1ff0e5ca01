package io.stillframe;

import io.stillframe.internal.engine.Plugged;
import io.stillframe.model.ServiceSettings;
import io.stillframe.spi.ObjectStore;
import io.stillframe.store.BandwidthLimit;
import io.stillframe.store.LimitedStore;
import io.stillframe.store.ReadAheadStore;
import io.stillframe.store.RetryingStore;
import io.stillframe.store.StoreRetries;
import java.util.Optional;
import java.util.Set;

/**
 * What a service puts around stores that it reaches over a network: the bandwidth that all its transfers share, retries, reading
 * ahead. Retries here are few and soon, for what passes in seconds, and end with their budget when a store is down for longer; the
 * work's own retries are those that wait and can be cancelled.
 */
final class RemoteStores {
    private static final Set<String> LOCAL = Set.of("file", "memory");
    private static final int BLOCK = 2 << 20;

    private final int readsAtOnce;
    private final Optional<BandwidthLimit> bandwidth;

    RemoteStores(ServiceSettings settings) {
        readsAtOnce = settings.uploadsPerTransfer();
        bandwidth = settings.bandwidth().isPresent()
                ? Optional.of(BandwidthLimit.of(settings.bandwidth().getAsLong()))
                : Optional.empty();
    }

    /** The store's opener with all that around it; who closes the store stays the same. */
    Plugged<ObjectStore> around(Plugged<ObjectStore> plugged) {
        return new Plugged<>(() -> decorated(plugged.opener().get()), plugged.ownership());
    }

    private ObjectStore decorated(ObjectStore store) {
        if (isLocal(store)) {
            return store;
        }
        ObjectStore limited = bandwidth
                .<ObjectStore>map(limit -> LimitedStore.around(store, limit))
                .orElse(store);
        RetryingStore retrying = RetryingStore.around(limited, StoreRetries.ofDefaults());
        return ReadAheadStore.around(retrying, BLOCK, readsAtOnce);
    }

    private static boolean isLocal(ObjectStore store) {
        String uri = store.uri();
        int colon = uri.indexOf(':');
        return colon < 0 || LOCAL.contains(uri.substring(0, colon));
    }
}
