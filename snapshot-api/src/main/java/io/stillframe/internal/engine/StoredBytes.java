package io.stillframe.internal.engine;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectStat;
import io.stillframe.spi.ObjectStore;
import java.nio.ByteBuffer;

/** Reads small objects whole. */
final class StoredBytes {
    private StoredBytes() {}

    /** CORRUPT if it is larger than anything of its kind. */
    static byte[] read(ObjectStore store, ObjectStat stat, int largest) {
        if (stat.size() > largest) {
            throw SnapshotException.corrupt(
                    stat.key() + ": " + stat.size() + " bytes; at most " + largest + " are allowed");
        }
        ByteBuffer buffer = ByteBuffer.allocate((int) stat.size());
        try (ByteSource source = store.open(stat.key())) {
            if (source.size() != stat.size()) {
                throw SnapshotException.transientFault(stat.key() + " changed while it was being read", null);
            }
            source.read(0, buffer);
        }
        return buffer.array();
    }
}
