package io.stillframe.storage.s3;

import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.contract.ObjectStoreContract;
import java.util.EnumSet;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;

final class CephContractTest extends ObjectStoreContract {
    @RegisterExtension
    static final CephServer CEPH = new CephServer();

    private final Queue<ObjectStore> opened = new ConcurrentLinkedQueue<>();
    private final String bucket = CEPH.server().newBucket();

    @Override
    protected ObjectStore open() {
        ObjectStore store = CEPH.server()
                .store(bucket)
                .prefix("contract")
                .features(EnumSet.of(
                        StoreCapability.CREATE_IF_ABSENT, StoreCapability.RESUME, StoreCapability.LIST_UPLOADS))
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

    /** radosgw compares the numbers of parts. */
    @Override
    protected boolean completesOfSomeParts() {
        return false;
    }

    @AfterEach
    void leaveNothing() {
        opened.forEach(ObjectStore::close);
        CEPH.server().remove(bucket);
    }
}
