package io.stillframe.store;

import io.stillframe.model.Names;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.StoreCapabilities;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * An object store in memory, for tests of control planes and for trials. Several service objects of one process may share it. Its
 * content lives as long as the object; {@link #close()} changes nothing. Safe for use by several threads.
 *
 * <p>It can stand for a weaker endpoint: made with fewer features, it declares and does no more than these.
 */
public final class MemoryObjectStore implements ObjectStore {
    private static final int MOST_PARTS = 10_000;
    private static final long LARGEST_PART = 1L << 30;
    private static final Set<StoreCapability> ALL = EnumSet.complementOf(EnumSet.of(StoreCapability.EXPIRY));

    private final Object lock = new Object();
    private final String uri;
    private final StoreCapabilities capabilities;
    private final Clock clock;
    private final TreeMap<ObjectKey, StoredBytes> objects = new TreeMap<>();
    private final TreeMap<Long, MemoryUpload> uploads = new TreeMap<>();
    private long lastVersion;
    private long lastUpload;

    private MemoryObjectStore(String name, Set<StoreCapability> features, Clock clock) {
        this.uri = "memory:" + name;
        this.capabilities = new StoreCapabilities(features, 1, LARGEST_PART, MOST_PARTS, Long.MAX_VALUE);
        this.clock = clock;
    }

    /** An empty store with every feature but EXPIRY, on the system's clock. */
    public static MemoryObjectStore create() {
        return create(ALL, Clock.systemUTC());
    }

    /**
     * An empty store.
     *
     * @param features any but EXPIRY, which is INVALID
     * @param clock gives objects and uploads their times
     */
    public static MemoryObjectStore create(Set<StoreCapability> features, Clock clock) {
        if (features.contains(StoreCapability.EXPIRY)) {
            throw SnapshotException.invalid("a memory store does not expire objects; leave out EXPIRY");
        }
        return new MemoryObjectStore("", features, clock);
    }

    /**
     * An empty store with every feature but EXPIRY, on the system's clock, that is told from others by its name.
     *
     * @param name 1 to 64 of lower-case letters, digits and {@code . _ -}
     */
    public static MemoryObjectStore named(String name) {
        return new MemoryObjectStore(Names.token("a store's name", name), ALL, Clock.systemUTC());
    }

    /** {@code memory:} and its name, which say what it is; nothing can be opened with it. */
    @Override
    public String uri() {
        return uri;
    }

    @Override
    public StoreCapabilities capabilities() {
        return capabilities;
    }

    @Override
    public Optional<ObjectStat> stat(ObjectKey key) {
        return find(key).map(StoredBytes::stat);
    }

    @Override
    public ByteSource open(ObjectKey key) {
        StoredBytes pinned =
                find(key).orElseThrow(() -> SnapshotException.notFound("object " + key + " is not in " + uri()));
        return new MemorySource(pinned, () -> find(key));
    }

    @Override
    public PublishOutcome put(ObjectKey key, ByteBuffer bytes, PublishMode mode, UploadOptions options) {
        StoreArguments.requirePut(key, bytes);
        byte[] copy = copyOf(bytes);
        return publish(key, copy.length == 0 ? List.of() : List.of(copy), mode);
    }

    @Override
    public UploadSession beginUpload(ObjectKey key, PartLayout layout, UploadOptions options) {
        StoreArguments.requireLayout(layout, capabilities);
        synchronized (lock) {
            MemoryUpload upload = new MemoryUpload(this, ++lastUpload, key, layout, clock.instant());
            uploads.put(upload.number(), upload);
            return upload.session();
        }
    }

    @Override
    public UploadSession resumeUpload(UploadToken token) {
        require(StoreCapability.RESUME);
        synchronized (lock) {
            return uploads.values().stream()
                    .filter(upload -> upload.token().equals(token))
                    .findFirst()
                    .orElseThrow(() ->
                            SnapshotException.notFound("the upload of " + token.key() + " was completed or aborted"))
                    .session();
        }
    }

    @Override
    public Page<ObjectStat> list(String prefix, Optional<String> after, int limit) {
        StoreArguments.requireLimit(limit);
        synchronized (lock) {
            Map<ObjectKey, StoredBytes> left =
                    after.isEmpty() ? objects : objects.tailMap(ObjectKey.of(after.get()), false);
            List<ObjectStat> found = left.values().stream()
                    .map(StoredBytes::stat)
                    .filter(stat -> stat.key().value().startsWith(prefix))
                    .limit(limit + 1L)
                    .toList();
            return page(found, limit, stat -> stat.key().value());
        }
    }

    @Override
    public void delete(Collection<ObjectKey> keys) {
        synchronized (lock) {
            keys.forEach(objects::remove);
        }
    }

    @Override
    public Page<UnfinishedUpload> listUploads(String prefix, Optional<String> after, int limit) {
        require(StoreCapability.LIST_UPLOADS);
        StoreArguments.requireLimit(limit);
        synchronized (lock) {
            long last = after.map(MemoryObjectStore::uploadNumber).orElse(0L);
            List<MemoryUpload> found = uploads.tailMap(last, false).values().stream()
                    .filter(upload -> upload.token().key().value().startsWith(prefix))
                    .limit(limit + 1L)
                    .toList();
            Page<MemoryUpload> page = page(found, limit, upload -> Long.toString(upload.number()));
            return new Page<>(
                    page.items().stream().map(MemoryUpload::unfinished).toList(), page.next());
        }
    }

    /** Does nothing: the content lives as long as the object. */
    @Override
    public void close() {}

    /** Makes the bytes the object; they are not copied. */
    PublishOutcome publish(ObjectKey key, List<byte[]> parts, PublishMode mode) {
        synchronized (lock) {
            StoredBytes existing = objects.get(key);
            if (existing != null && mode == PublishMode.CREATE_IF_ABSENT) {
                return new PublishOutcome.AlreadyExists(existing.stat());
            }
            StoredBytes stored = StoredBytes.of(key, parts, Long.toString(++lastVersion), clock.instant());
            objects.put(key, stored);
            return new PublishOutcome.Published(stored.stat());
        }
    }

    /** Drops an upload that has ended. */
    void forget(MemoryUpload upload) {
        synchronized (lock) {
            uploads.remove(upload.number(), upload);
        }
    }

    static byte[] copyOf(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return copy;
    }

    private Optional<StoredBytes> find(ObjectKey key) {
        synchronized (lock) {
            return Optional.ofNullable(objects.get(key));
        }
    }

    private void require(StoreCapability feature) {
        if (!capabilities.has(feature)) {
            throw SnapshotException.unsupported("this store was made without " + feature);
        }
    }

    private static long uploadNumber(String token) {
        try {
            return Long.parseLong(token);
        } catch (NumberFormatException e) {
            throw new SnapshotException(SnapshotException.Kind.INVALID, "the page token is none of this store's", e);
        }
    }

    private static <T> Page<T> page(List<T> found, int limit, Function<T, String> token) {
        if (found.size() <= limit) {
            return new Page<>(found, Optional.empty());
        }
        List<T> items = new ArrayList<>(found.subList(0, limit));
        return new Page<>(items, Optional.of(token.apply(items.get(limit - 1))));
    }
}
