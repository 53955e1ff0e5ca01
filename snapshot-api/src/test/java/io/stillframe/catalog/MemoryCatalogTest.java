package io.stillframe.catalog;

import io.stillframe.model.SnapshotId;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.contract.SnapshotCatalogContract;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicReference;

final class MemoryCatalogTest extends SnapshotCatalogContract {
    private final AtomicReference<MemoryCatalog> only = new AtomicReference<>();

    @Override
    protected SnapshotCatalog open(Clock clock) {
        return only.updateAndGet(catalog -> catalog == null ? MemoryCatalog.create(clock) : catalog);
    }

    @Override
    protected boolean damage(SnapshotId id) {
        return false;
    }
}
