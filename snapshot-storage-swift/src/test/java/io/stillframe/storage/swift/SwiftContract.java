package io.stillframe.storage.swift;

import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.contract.ObjectStoreContract;
import org.junit.jupiter.api.AfterEach;

/** The contract of object stores on a cluster of the lab. */
abstract class SwiftContract extends ObjectStoreContract {
    private final TestContainer container = newContainer(SwiftLab.open());

    abstract TestContainer newContainer(SwiftLab lab);

    /** Logs in once for a test, which may open hundreds of stores. */
    @Override
    protected ObjectStore open() {
        return SwiftObjectStore.builder(container.name())
                .prefix("contract")
                .credentials(container.token())
                .build();
    }

    @Override
    protected int manyParts() {
        return 30;
    }

    @AfterEach
    void leaveNothing() {
        container.close();
    }
}
