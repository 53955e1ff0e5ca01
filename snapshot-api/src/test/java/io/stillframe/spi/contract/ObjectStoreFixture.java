package io.stillframe.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Page;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.PublishOutcome.Published;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What the tests of object stores share: the store of the test and ways to fill and look at it. */
abstract class ObjectStoreFixture {
    static final UploadOptions DEFAULTS = UploadOptions.ofDefaults();

    private final List<ObjectStore> opened = new ArrayList<>();
    ObjectStore store;

    /**
     * Opens the store of this test, empty at the test's start: every call opens the same content, as another object where the
     * implementation has several.
     *
     * @return closed by this kit
     */
    protected abstract ObjectStore open();

    /** Bytes of the first part in tests of parted uploads; an endpoint's smallest part by default, at least 64. */
    protected int partSize() {
        return Math.max(64, store.capabilities().smallestPart());
    }

    /** Parts in the test of many parts; fewer where each one is costly. */
    protected int manyParts() {
        return 100;
    }

    /** How often several writers race to create an object; less often where each one is costly. */
    protected int races() {
        return 10;
    }

    /**
     * Whether a token from {@link ObjectStore#listUploads} is the upload's own; else it serves to abort the upload only, because the
     * server does not keep how the upload is cut.
     */
    protected boolean listsWholeTokens() {
        return true;
    }

    /** Whether the server can hold such a key beside the kit's others; one that keeps a tree of files may not. */
    protected boolean holds(String key) {
        return true;
    }

    /** Whether an upload can be completed without its last parts; some servers insist on all that have arrived. */
    protected boolean completesOfSomeParts() {
        return true;
    }

    @BeforeEach
    final void openOne() {
        store = another();
    }

    @AfterEach
    final void closeAll() {
        opened.forEach(ObjectStore::close);
        opened.forEach(ObjectStore::close);
    }

    final ObjectStore another() {
        ObjectStore one = open();
        opened.add(one);
        return one;
    }

    static ObjectKey key(String value) {
        return ObjectKey.of(value);
    }

    final ObjectStat put(String key, byte[] bytes) {
        PublishOutcome outcome = store.put(key(key), ByteBuffer.wrap(bytes), PublishMode.REPLACE, DEFAULTS);
        return ((Published) outcome).stat();
    }

    final byte[] content(String key) {
        ByteSource source = another().open(key(key));
        try {
            return Bytes.readAll(source);
        } finally {
            source.close();
        }
    }

    /** Whether the store tells enough of a part's content to know it again. */
    protected boolean knowsPartsAgain() {
        return true;
    }

    final void require(StoreCapability feature) {
        assumeThat(store.capabilities().has(feature))
                .as("%s is declared", feature)
                .isTrue();
    }

    static List<PartReceipt> sendAll(UploadSession session, PartLayout layout, byte[] bytes) {
        List<PartReceipt> receipts = new ArrayList<>();
        int at = 0;
        for (int number = 1; at < bytes.length; number++) {
            int length = (int) Math.min(layout.sizeOf(number), bytes.length - at);
            receipts.add(session.putPart(number, ByteBuffer.wrap(bytes, at, length)));
            at += length;
        }
        return receipts;
    }

    final PublishOutcome upload(ObjectStore to, String key, PartLayout layout, byte[] bytes, PublishMode mode) {
        try (UploadSession session = to.beginUpload(key(key), layout, DEFAULTS)) {
            return session.complete(sendAll(session, layout, bytes), mode);
        }
    }

    static ByteBuffer part(byte[] bytes, PartLayout layout, int number) {
        int offset = Math.toIntExact(layout.offsetOf(number));
        return ByteBuffer.wrap(bytes, offset, (int) Math.min(layout.sizeOf(number), bytes.length - offset));
    }

    final void requireNoUploads() {
        if (store.capabilities().has(StoreCapability.LIST_UPLOADS)) {
            assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();
        }
    }

    final List<ObjectStat> walk(String prefix, int limit) {
        ObjectStore from = another();
        List<ObjectStat> found = new ArrayList<>();
        Optional<String> after = Optional.empty();
        do {
            Page<ObjectStat> page = from.list(prefix, after, limit);
            assertThat(page.items()).hasSizeLessThanOrEqualTo(limit);
            found.addAll(page.items());
            after = page.next();
        } while (after.isPresent());
        return found;
    }

    static List<String> keys(List<ObjectStat> stats) {
        return stats.stream().map(stat -> stat.key().value()).toList();
    }

    static List<String> sorted(List<String> keys) {
        return keys.stream()
                .map(ObjectStoreFixture::key)
                .sorted()
                .map(ObjectKey::value)
                .toList();
    }
}
