package io.stillframe.spi;

import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.Tenant;
import java.util.Optional;

/**
 * Work that some service does now.
 *
 * @param work {@link Work#CAPTURE} or {@link Work#TRANSFER}
 * @param host of the instance
 * @param store of the home region, if there is one
 * @param tenant whom it is done for
 */
public record RunningWork(Work work, String host, Optional<String> store, Tenant tenant) {
    /** That of a snapshot. */
    public static RunningWork of(Work work, Snapshot snapshot) {
        return new RunningWork(work, snapshot.instance().hypervisor(), storeOf(snapshot), snapshot.tenant());
    }

    /** The home region's store. */
    public static Optional<String> storeOf(Snapshot snapshot) {
        return snapshot.replicas().stream().findFirst().map(Replica::store);
    }
}
