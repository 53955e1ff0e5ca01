package io.stillframe.store;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Supplier;

/** An object in memory, open for reading. */
final class MemorySource implements ByteSource {
    private final StoredBytes pinned;
    private final Supplier<Optional<StoredBytes>> current;

    MemorySource(StoredBytes pinned, Supplier<Optional<StoredBytes>> current) {
        this.pinned = pinned;
        this.current = current;
    }

    @Override
    public long size() {
        return pinned.stat().size();
    }

    @Override
    public void read(long position, ByteBuffer target) {
        StoreArguments.requireRange(describe(), size(), position, target.remaining());
        if (current.get().filter(now -> now == pinned).isEmpty()) {
            throw SnapshotException.conflict(describe() + " was replaced or deleted since it was opened");
        }
        pinned.read(position, target);
    }

    @Override
    public String describe() {
        return "object " + pinned.stat().key();
    }

    @Override
    public void close() {}
}
