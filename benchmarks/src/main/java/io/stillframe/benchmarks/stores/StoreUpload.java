package io.stillframe.benchmarks.stores;

import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.store.RetryingStore;
import io.stillframe.store.StoreRetries;
import java.net.URI;
import java.util.List;

/** Standard input to an object of a store, with what a service puts around one: {@code StoreUpload URI KEY}. */
public final class StoreUpload {
    private StoreUpload() {}

    /** The store's URI and the object's key. */
    public static void main(String[] arguments) throws Exception {
        ObjectKey key = ObjectKey.of(arguments[1]);
        try (ObjectStore plugged = Plugins.store(URI.create(arguments[0]));
                RetryingStore store = RetryingStore.around(plugged, StoreRetries.ofDefaults());
                UploadSession session =
                        store.beginUpload(key, PartLayout.fixed(PartStream.PART), UploadOptions.ofDefaults())) {
            List<PartReceipt> parts = PartStream.send(session::putPart, true);
            System.err.println(session.complete(parts, PublishMode.REPLACE));
        }
    }
}
