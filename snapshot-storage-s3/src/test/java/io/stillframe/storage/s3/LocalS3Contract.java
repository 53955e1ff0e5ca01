package io.stillframe.storage.s3;

import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.contract.ObjectStoreContract;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;

/** The contract with a server of this machine, in a bucket for each test. */
abstract class LocalS3Contract extends ObjectStoreContract {
    private final S3Server server;
    private final String bucket;
    private final Queue<ObjectStore> opened = new ConcurrentLinkedQueue<>();

    /** @param server runs */
    LocalS3Contract(S3Server server) {
        this.server = server;
        this.bucket = server.newBucket();
    }

    /** Says what the server can do. */
    abstract S3ObjectStoreBuilder configured(S3ObjectStoreBuilder store);

    @Override
    protected final ObjectStore open() {
        ObjectStore store = configured(server.store(bucket).prefix("contract")).build();
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

    @AfterEach
    void leaveNothing() {
        opened.forEach(ObjectStore::close);
        server.remove(bucket);
    }
}
