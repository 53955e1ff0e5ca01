package io.stillframe.storage.s3;

import io.stillframe.spi.StoreCapability;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;

final class S3ProxyFaultTest extends S3FaultTests {
    @RegisterExtension
    static final S3ProxyServer S3 = new S3ProxyServer();

    @Override
    S3Server server() {
        return S3.server();
    }

    @Override
    Set<StoreCapability> features() {
        return EnumSet.complementOf(EnumSet.of(StoreCapability.EXPIRY));
    }
}
