package io.stillframe.image.qcow2;

import io.stillframe.model.SnapshotException;
import java.util.Arrays;

/**
 * Which L2 tables all L1 tables of an image refer to, and how often, so that a table that several snapshots share is walked once.
 * Memory: 8 bytes for each reference, {@value #MOST} references at most. For one thread at a time.
 */
final class L2References {
    private static final int MOST = 8 << 20;

    private long[] offsets = new long[256];
    private int count;

    void add(long offset) {
        if (count == MOST) {
            throw SnapshotException.unsupported(
                    "the image refers to more than " + MOST + " L2 tables, which is more than a check takes");
        }
        if (count == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * count);
        }
        offsets[count++] = offset;
    }

    /** Takes each table once with the number of references to it. */
    interface Visitor {
        void table(long offset, int references);
    }

    /** Visits the tables in the order in which they lie in the file. */
    void forEach(Visitor visitor) {
        Arrays.sort(offsets, 0, count);
        for (int i = 0, next = 0; i < count; i = next) {
            while (next < count && offsets[next] == offsets[i]) {
                next++;
            }
            visitor.table(offsets[i], next - i);
        }
    }
}
