package io.stillframe.storage.s3;

import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.contract.ObjectStoreContract;
import java.util.EnumSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;

final class S3ProxyContractTest extends ObjectStoreContract {
    @RegisterExtension
    static final S3ProxyServer S3 = new S3ProxyServer();

    private final Queue<ObjectStore> opened = new ConcurrentLinkedQueue<>();
    private final String bucket = S3.server().newBucket();

    @Override
    protected ObjectStore open() {
        ObjectStore store = S3.server()
                .store(bucket)
                .prefix("contract")
                .checksums(PartChecksums.MD5)
                .features(EnumSet.complementOf(EnumSet.of(StoreCapability.EXPIRY)))
                .build();
        opened.add(store);
        return store;
    }

    @Override
    protected int manyParts() {
        return 12;
    }

    @Override
    protected int races() {
        return 4;
    }

    @Override
    protected boolean listsWholeTokens() {
        return false;
    }

    /**
     * s3proxy keeps a tree of files in memory: a key is no folder of another. It sorts by UTF-16, in which U+E000 to U+FFFF come after
     * all beyond them.
     */
    @Override
    protected boolean holds(String key) {
        Set<String> folders = Set.of("a", "a/b", "a.b", "snapshots/s1", "p".repeat(64));
        return !folders.contains(key) && key.chars().noneMatch(c -> c >= 0xE000);
    }

    @AfterEach
    void leaveNothing() {
        opened.forEach(ObjectStore::close);
        S3.server().remove(bucket);
    }
}
