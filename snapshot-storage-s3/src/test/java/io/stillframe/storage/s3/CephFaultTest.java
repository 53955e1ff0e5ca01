package io.stillframe.storage.s3;

import io.stillframe.spi.StoreCapability;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;

final class CephFaultTest extends S3FaultTests {
    @RegisterExtension
    static final CephServer CEPH = new CephServer();

    @Override
    S3Server server() {
        return CEPH.server();
    }

    @Override
    Set<StoreCapability> features() {
        return EnumSet.of(StoreCapability.CREATE_IF_ABSENT, StoreCapability.RESUME, StoreCapability.LIST_UPLOADS);
    }
}
