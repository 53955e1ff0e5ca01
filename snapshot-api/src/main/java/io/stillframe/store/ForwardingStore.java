package io.stillframe.store;

import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Optional;

/** Passes every call on to another store; what a decorator does not change. */
abstract class ForwardingStore implements ObjectStore {
    private final ObjectStore store;

    ForwardingStore(ObjectStore store) {
        this.store = store;
    }

    @Override
    public final String uri() {
        return store.uri();
    }

    @Override
    public final StoreCapabilities capabilities() {
        return store.capabilities();
    }

    @Override
    public StoreCapabilities probe() {
        return store.probe();
    }

    @Override
    public Optional<ObjectStat> stat(ObjectKey key) {
        return store.stat(key);
    }

    @Override
    public ByteSource open(ObjectKey key) {
        return store.open(key);
    }

    @Override
    public PublishOutcome put(ObjectKey key, ByteBuffer bytes, PublishMode mode, UploadOptions options) {
        return store.put(key, bytes, mode, options);
    }

    @Override
    public UploadSession beginUpload(ObjectKey key, PartLayout layout, UploadOptions options) {
        return store.beginUpload(key, layout, options);
    }

    @Override
    public UploadSession resumeUpload(UploadToken token) {
        return store.resumeUpload(token);
    }

    @Override
    public Page<ObjectStat> list(String prefix, Optional<String> after, int limit) {
        return store.list(prefix, after, limit);
    }

    @Override
    public void delete(Collection<ObjectKey> keys) {
        store.delete(keys);
    }

    @Override
    public Page<UnfinishedUpload> listUploads(String prefix, Optional<String> after, int limit) {
        return store.listUploads(prefix, after, limit);
    }

    @Override
    public final void close() {
        store.close();
    }

    @Override
    public final String toString() {
        return uri();
    }
}
