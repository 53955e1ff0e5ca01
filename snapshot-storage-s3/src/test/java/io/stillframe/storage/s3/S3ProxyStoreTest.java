package io.stillframe.storage.s3;

import io.stillframe.spi.StoreCapability;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;

final class S3ProxyStoreTest extends S3StoreTests {
    @RegisterExtension
    static final S3ProxyServer S3 = new S3ProxyServer();

    @Override
    S3Server server() {
        return S3.server();
    }

    @Override
    PartChecksums checksums() {
        return PartChecksums.MD5;
    }

    @Override
    Set<StoreCapability> features() {
        return EnumSet.of(
                StoreCapability.CREATE_IF_ABSENT,
                StoreCapability.CREATE_IF_ABSENT_ON_COMPLETE,
                StoreCapability.RESUME,
                StoreCapability.LIST_UPLOADS);
    }
}
