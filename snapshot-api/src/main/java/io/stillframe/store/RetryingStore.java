package io.stillframe.store;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Iterator;
import java.util.Optional;

/**
 * Makes calls of another store again that failed for a passing reason, those of its sessions and sources included, and resolves
 * completions and small writes of unknown outcome by looking at what is there. Passing on otherwise; as safe for threads as the store
 * is. An interrupt ends a pause with CANCELLED.
 */
public final class RetryingStore extends ForwardingStore {
    private final ObjectStore store;
    private final StoreRetries retries;
    private final UnknownOutcomes outcomes;

    private RetryingStore(ObjectStore store, StoreRetries retries) {
        super(store);
        this.store = store;
        this.retries = retries;
        this.outcomes = new UnknownOutcomes(store, retries);
    }

    /** A store that passes everything on to {@code store}, which it closes with itself. */
    public static RetryingStore around(ObjectStore store, StoreRetries retries) {
        return new RetryingStore(store, retries);
    }

    @Override
    public Optional<ObjectStat> stat(ObjectKey key) {
        return retries.call("looking for " + key, () -> store.stat(key));
    }

    @Override
    public ByteSource open(ObjectKey key) {
        return new RetryingSource(retries.call("opening " + key, () -> store.open(key)), retries);
    }

    @Override
    public PublishOutcome put(ObjectKey key, ByteBuffer bytes, PublishMode mode, UploadOptions options) {
        return outcomes.put(key, bytes, mode, options);
    }

    @Override
    public UploadSession beginUpload(ObjectKey key, PartLayout layout, UploadOptions options) {
        UploadSession session =
                retries.call("beginning to upload " + key, () -> store.beginUpload(key, layout, options));
        return new RetryingSession(session, retries, outcomes);
    }

    @Override
    public UploadSession resumeUpload(UploadToken token) {
        UploadSession session = retries.call("resuming the upload of " + token.key(), () -> store.resumeUpload(token));
        return new RetryingSession(session, retries, outcomes);
    }

    @Override
    public Page<ObjectStat> list(String prefix, Optional<String> after, int limit) {
        return retries.call("listing " + prefix, () -> store.list(prefix, after, limit));
    }

    @Override
    public void delete(Collection<ObjectKey> keys) {
        retries.call("deleting " + keys.size() + " objects", () -> {
            store.delete(keys);
            return keys;
        });
    }

    @Override
    public Page<UnfinishedUpload> listUploads(String prefix, Optional<String> after, int limit) {
        return retries.call("listing uploads of " + prefix, () -> store.listUploads(prefix, after, limit));
    }

    /** Reads again what failed, into the same bytes of the buffer. */
    private record RetryingSource(ByteSource source, StoreRetries retries) implements ByteSource {
        @Override
        public long size() {
            return source.size();
        }

        @Override
        public void read(long position, ByteBuffer target) {
            int start = target.position();
            retries.call("reading " + describe(), () -> {
                source.read(position, target.position(start));
                return source;
            });
        }

        @Override
        public Iterator<Extent> extents(ByteRange range) {
            return source.extents(range);
        }

        @Override
        public String describe() {
            return source.describe();
        }

        @Override
        public void close() {
            source.close();
        }
    }
}
