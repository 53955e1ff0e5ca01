package io.stillframe.storage.s3;

import io.stillframe.spi.StoreCapability;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;

final class S3ProxyContractTest extends LocalS3Contract {
    @RegisterExtension
    static final S3ProxyServer S3 = new S3ProxyServer();

    S3ProxyContractTest() {
        super(S3.server());
    }

    @Override
    S3ObjectStoreBuilder configured(S3ObjectStoreBuilder store) {
        return store.checksums(PartChecksums.MD5).features(EnumSet.complementOf(EnumSet.of(StoreCapability.EXPIRY)));
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
}
