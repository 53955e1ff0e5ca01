package io.stillframe.storage.s3;

import io.stillframe.spi.StoreCapability;
import java.util.EnumSet;
import org.junit.jupiter.api.extension.RegisterExtension;

final class CephContractTest extends LocalS3Contract {
    @RegisterExtension
    static final CephServer CEPH = new CephServer();

    CephContractTest() {
        super(CEPH.server());
    }

    @Override
    S3ObjectStoreBuilder configured(S3ObjectStoreBuilder store) {
        return store.features(
                EnumSet.of(StoreCapability.CREATE_IF_ABSENT, StoreCapability.RESUME, StoreCapability.LIST_UPLOADS));
    }

    /** radosgw compares the numbers of parts. */
    @Override
    protected boolean completesOfSomeParts() {
        return false;
    }
}
