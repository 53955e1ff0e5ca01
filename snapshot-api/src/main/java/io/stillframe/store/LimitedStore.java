package io.stillframe.store;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartDigests;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;

/**
 * Holds what is written to and read from another store to a {@link BandwidthLimit}: each part, small object and read waits for its
 * turn and then goes at once. Passing on otherwise; as safe for threads as the store is.
 */
public final class LimitedStore extends ForwardingStore {
    private final ObjectStore store;
    private final BandwidthLimit limit;

    private LimitedStore(ObjectStore store, BandwidthLimit limit) {
        super(store);
        this.store = store;
        this.limit = limit;
    }

    /**
     * A store that passes everything on to {@code store}, which it closes with itself.
     *
     * @param limit may be shared by several stores
     */
    public static LimitedStore around(ObjectStore store, BandwidthLimit limit) {
        return new LimitedStore(store, limit);
    }

    @Override
    public ByteSource open(ObjectKey key) {
        return new LimitedSource(store.open(key), limit);
    }

    @Override
    public PublishOutcome put(ObjectKey key, ByteBuffer bytes, PublishMode mode, UploadOptions options) {
        limit.take(bytes.remaining());
        return store.put(key, bytes, mode, options);
    }

    @Override
    public UploadSession beginUpload(ObjectKey key, PartLayout layout, UploadOptions options) {
        return new LimitedSession(store.beginUpload(key, layout, options), limit);
    }

    @Override
    public UploadSession resumeUpload(UploadToken token) {
        return new LimitedSession(store.resumeUpload(token), limit);
    }

    private record LimitedSource(ByteSource source, BandwidthLimit limit) implements ByteSource {
        @Override
        public long size() {
            return source.size();
        }

        @Override
        public void read(long position, ByteBuffer target) {
            limit.take(target.remaining());
            source.read(position, target);
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

    private record LimitedSession(UploadSession session, BandwidthLimit limit) implements UploadSession {
        @Override
        public UploadToken token() {
            return session.token();
        }

        @Override
        public PartReceipt putPart(int number, ByteBuffer bytes) {
            limit.take(bytes.remaining());
            return session.putPart(number, bytes);
        }

        @Override
        public PartReceipt putPart(int number, ByteBuffer bytes, PartDigests digests) {
            limit.take(bytes.remaining());
            return session.putPart(number, bytes, digests);
        }

        @Override
        public long bytesSent() {
            return session.bytesSent();
        }

        @Override
        public List<PartReceipt> arrived() {
            return session.arrived();
        }

        @Override
        public boolean holds(PartReceipt part, ByteBuffer bytes) {
            return session.holds(part, bytes);
        }

        @Override
        public PublishOutcome complete(List<PartReceipt> parts, PublishMode mode) {
            return session.complete(parts, mode);
        }

        @Override
        public void detach() {
            session.detach();
        }

        @Override
        public void close() {
            session.close();
        }
    }
}
