package io.stillframe.store;

import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStat;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/** An object's bytes in memory; never changed. */
final class StoredBytes {
    private final ObjectStat stat;
    private final List<byte[]> parts;
    private final long[] starts;

    private StoredBytes(ObjectStat stat, List<byte[]> parts, long[] starts) {
        this.stat = stat;
        this.parts = parts;
        this.starts = starts;
    }

    /** An object of non-empty parts, which are not copied. */
    static StoredBytes of(ObjectKey key, List<byte[]> parts, String version, Instant at) {
        long[] starts = new long[parts.size()];
        long size = 0;
        for (int i = 0; i < starts.length; i++) {
            starts[i] = size;
            size += parts.get(i).length;
        }
        return new StoredBytes(new ObjectStat(key, size, version, at), List.copyOf(parts), starts);
    }

    ObjectStat stat() {
        return stat;
    }

    /** Fills the target from a range that was checked. */
    void read(long position, ByteBuffer target) {
        if (!target.hasRemaining()) {
            return;
        }
        int found = Arrays.binarySearch(starts, position);
        int index = found >= 0 ? found : -found - 2;
        int offset = (int) (position - starts[index]);
        while (target.hasRemaining()) {
            byte[] part = parts.get(index);
            int length = Math.min(target.remaining(), part.length - offset);
            target.put(part, offset, length);
            offset = 0;
            index++;
        }
    }
}
