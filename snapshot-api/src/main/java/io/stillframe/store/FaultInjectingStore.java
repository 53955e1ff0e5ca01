package io.stillframe.store;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartDigests;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Makes another store fail on demand, for tests of what stands on it: calls that fail before or after their effect, calls that block,
 * reads of bytes that rotted or are missing. Without a fault it passes everything through, also the sessions' and sources' calls.
 *
 * <pre>{@code
 * FaultInjectingStore store = FaultInjectingStore.around(MemoryObjectStore.create());
 * store.failBefore(Operation.PUT_PART, 3, Kind.TRANSIENT);   // the third part sent from now on
 * Gate gate = store.block(Operation.COMPLETE);               // the next completion waits until gate.open()
 * }</pre>
 *
 * <p>Calls are counted per operation, from 1, from the injection on. Safe for use by several threads; faults may be set and healed while
 * calls are under way.
 */
public final class FaultInjectingStore implements ObjectStore {
    /** The calls that can fail. */
    public enum Operation {
        STAT,
        OPEN,
        /** {@link ByteSource#read} of a source of this store. */
        READ,
        PUT,
        BEGIN_UPLOAD,
        RESUME_UPLOAD,
        /** {@link UploadSession#putPart} of a session of this store. */
        PUT_PART,
        /** {@link UploadSession#arrived} of a session of this store. */
        ARRIVED,
        /** {@link UploadSession#complete} of a session of this store. */
        COMPLETE,
        /** {@link UploadSession#close} of a session of this store. */
        ABORT,
        LIST,
        DELETE,
        LIST_UPLOADS
    }

    private final ObjectStore store;
    private final Map<Operation, FaultPoint> points = new EnumMap<>(Operation.class);
    private final Map<ObjectKey, Rot> rotten = new ConcurrentHashMap<>();

    private FaultInjectingStore(ObjectStore store) {
        this.store = store;
        for (Operation operation : Operation.values()) {
            points.put(operation, new FaultPoint(operation));
        }
    }

    /** A store that passes everything on to {@code store}, which it closes with itself. */
    public static FaultInjectingStore around(ObjectStore store) {
        return new FaultInjectingStore(store);
    }

    /**
     * Makes one call fail without any effect.
     *
     * @param call which one from now on, from 1
     */
    public void failBefore(Operation operation, int call, Kind kind) {
        point(operation).failOnce(call, kind, false);
    }

    /**
     * Makes one call fail although it has its effect, as when an answer is lost.
     *
     * @param call which one from now on, from 1
     */
    public void failAfter(Operation operation, int call, Kind kind) {
        point(operation).failOnce(call, kind, true);
    }

    /** Makes all calls fail without any effect until {@link #heal}. */
    public void failAlways(Operation operation, Kind kind) {
        point(operation).failAlways(kind);
    }

    /** Makes the next call wait, before it has any effect, until the gate is opened or {@link #heal} is called. */
    public Gate block(Operation operation) {
        return point(operation).block();
    }

    /** Flips all bits of the byte at {@code position} whenever it is read. */
    public void corruptRead(ObjectKey key, long position) {
        rotten.merge(key, Rot.flipped(position), Rot::and);
    }

    /** Makes an object seem to have at most {@code size} bytes to who looks at it, lists it or opens it from now on. */
    public void truncate(ObjectKey key, long size) {
        rotten.merge(key, Rot.cut(size), Rot::and);
    }

    /** Calls of an operation so far, failed ones included. */
    public long calls(Operation operation) {
        return point(operation).calls();
    }

    /** Removes all faults and lets blocked calls go on. */
    public void heal() {
        points.values().forEach(FaultPoint::heal);
        rotten.clear();
    }

    @Override
    public String uri() {
        return store.uri();
    }

    @Override
    public StoreCapabilities capabilities() {
        return store.capabilities();
    }

    @Override
    public Optional<ObjectStat> stat(ObjectKey key) {
        return passing(Operation.STAT, () -> store.stat(key).map(this::seen));
    }

    @Override
    public ByteSource open(ObjectKey key) {
        ByteSource source = point(Operation.OPEN).passing(() -> store.open(key), ByteSource::close);
        return new FaultySource(source, key);
    }

    @Override
    public PublishOutcome put(ObjectKey key, ByteBuffer bytes, PublishMode mode, UploadOptions options) {
        return passing(Operation.PUT, () -> store.put(key, bytes, mode, options));
    }

    @Override
    public UploadSession beginUpload(ObjectKey key, PartLayout layout, UploadOptions options) {
        // When its answer is lost, the upload was begun and nobody knows it.
        return new FaultySession(point(Operation.BEGIN_UPLOAD)
                .passing(() -> store.beginUpload(key, layout, options), FaultInjectingStore::abandon));
    }

    @Override
    public UploadSession resumeUpload(UploadToken token) {
        return new FaultySession(
                point(Operation.RESUME_UPLOAD).passing(() -> store.resumeUpload(token), FaultInjectingStore::abandon));
    }

    @Override
    public Page<ObjectStat> list(String prefix, Optional<String> after, int limit) {
        Page<ObjectStat> page = passing(Operation.LIST, () -> store.list(prefix, after, limit));
        return new Page<>(page.items().stream().map(this::seen).toList(), page.next());
    }

    @Override
    public void delete(Collection<ObjectKey> keys) {
        passing(Operation.DELETE, () -> {
            store.delete(keys);
            return keys;
        });
    }

    @Override
    public Page<UnfinishedUpload> listUploads(String prefix, Optional<String> after, int limit) {
        return passing(Operation.LIST_UPLOADS, () -> store.listUploads(prefix, after, limit));
    }

    /** Closes the other store; never fails by injection. */
    @Override
    public void close() {
        store.close();
    }

    private ObjectStat seen(ObjectStat stat) {
        long size = Math.min(stat.size(), rot(stat.key()).size());
        return new ObjectStat(stat.key(), size, stat.version(), stat.lastModified());
    }

    private Rot rot(ObjectKey key) {
        return rotten.getOrDefault(key, Rot.none());
    }

    private FaultPoint point(Operation operation) {
        return Objects.requireNonNull(points.get(operation));
    }

    private <T> T passing(Operation operation, Supplier<T> call) {
        return point(operation).passing(call, result -> {});
    }

    private static void abandon(UploadSession session) {
        session.detach();
        session.close();
    }

    /** Holds back one call until it is opened. Safe for use by several threads. */
    public interface Gate {
        /**
         * Waits until a call stands before the gate.
         *
         * @throws SnapshotException CANCELLED if none comes in time or the thread is interrupted (its interrupt flag stays set)
         */
        void awaitArrival(Duration patience);

        /** Lets the call go on, be it there already or not. Idempotent. */
        void open();
    }

    /** A source whose bytes may be rotten. */
    private final class FaultySource implements ByteSource {
        private final ByteSource source;
        private final ObjectKey key;
        private final long size;

        FaultySource(ByteSource source, ObjectKey key) {
            this.source = source;
            this.key = key;
            this.size = Math.min(source.size(), rot(key).size());
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public void read(long position, ByteBuffer target) {
            StoreArguments.requireRange(describe(), size, position, target.remaining());
            ByteBuffer filled = target.duplicate();
            passing(Operation.READ, () -> {
                source.read(position, target);
                return source;
            });
            rot(key).apply(position, filled.limit(target.position()));
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

    /** A session whose calls may fail. */
    private final class FaultySession implements UploadSession {
        private final UploadSession session;

        FaultySession(UploadSession session) {
            this.session = session;
        }

        @Override
        public UploadToken token() {
            return session.token();
        }

        @Override
        public PartReceipt putPart(int number, ByteBuffer bytes) {
            return passing(Operation.PUT_PART, () -> session.putPart(number, bytes));
        }

        @Override
        public PartReceipt putPart(int number, ByteBuffer bytes, PartDigests digests) {
            return passing(Operation.PUT_PART, () -> session.putPart(number, bytes, digests));
        }

        @Override
        public long bytesSent() {
            return session.bytesSent();
        }

        @Override
        public List<PartReceipt> arrived() {
            return passing(Operation.ARRIVED, session::arrived);
        }

        @Override
        public boolean holds(PartReceipt part, ByteBuffer bytes) {
            return session.holds(part, bytes);
        }

        @Override
        public PublishOutcome complete(List<PartReceipt> parts, PublishMode mode) {
            return passing(Operation.COMPLETE, () -> session.complete(parts, mode));
        }

        @Override
        public void detach() {
            session.detach();
        }

        @Override
        public void close() {
            passing(Operation.ABORT, () -> {
                session.close();
                return session;
            });
        }
    }
}
