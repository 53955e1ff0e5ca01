package io.stillframe.image.qcow2;

import io.stillframe.spi.ByteSink;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The mapping of a disk that is written in ascending order: one L2 table is open, and is written into the stream when the disk's
 * position leaves it, if anything is mapped in it. Memory: one L2 table, and the L1 table. For one thread at a time.
 */
final class L2Tables {
    private final Geometry geometry;
    private final HostStream host;
    private final long[] l1;
    private final ByteBuffer table;
    private int index;
    private boolean used;

    L2Tables(WriterOptions options, HostStream host) {
        this.geometry = options.geometry();
        this.host = host;
        this.l1 = new long[options.l1Entries()];
        this.table = ByteBuffer.allocate(geometry.clusterSize());
    }

    /** Goes to the L2 table of a cluster of the disk; must come before space is taken for that cluster. */
    void goTo(long cluster, ByteSink body) {
        int target = (int) (cluster >>> geometry.l2Bits());
        if (target != index) {
            close(body);
            index = target;
        }
    }

    /** Maps a cluster of the disk in the L2 table that is open. */
    void map(long cluster, long entry) {
        table.putLong((int) (cluster & ((1L << geometry.l2Bits()) - 1)) * Long.BYTES, entry);
        used = true;
    }

    private void close(ByteSink body) {
        if (used) {
            l1[index] = host.appendCluster(table.clear(), body) | Entries.COPIED;
            Arrays.fill(table.array(), (byte) 0);
            used = false;
        }
    }

    /** Closes the last L2 table and returns the L1 table. */
    long[] finish(ByteSink body) {
        close(body);
        return l1;
    }
}
