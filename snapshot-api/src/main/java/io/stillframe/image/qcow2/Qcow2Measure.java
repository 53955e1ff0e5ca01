package io.stillframe.image.qcow2;

import io.stillframe.spi.Extent;
import java.util.Iterator;

/** Computes an upper bound of a written image's size. For one use. */
final class Qcow2Measure {
    private final WriterOptions options;
    private final Geometry geometry;
    private long lastCluster = -1;
    private long clusters;
    private long tables;

    Qcow2Measure(WriterOptions options) {
        this.options = options;
        this.geometry = options.geometry();
    }

    /** The bound for a disk with these extents. */
    long of(Iterator<Extent> extents) {
        while (extents.hasNext()) {
            Extent extent = extents.next();
            if (extent.isData()) {
                add(
                        extent.range().start() >>> geometry.clusterBits(),
                        (extent.range().end() - 1) >>> geometry.clusterBits());
            }
        }
        return bound();
    }

    private void add(long first, long last) {
        long from = Math.max(first, lastCluster + 1);
        if (from > last) {
            return;
        }
        clusters += last - from + 1;
        long firstTable = from >>> geometry.l2Bits();
        boolean counted = lastCluster >= 0 && lastCluster >>> geometry.l2Bits() == firstTable;
        tables += (last >>> geometry.l2Bits()) - firstTable + (counted ? 0 : 1);
        lastCluster = last;
    }

    private long bound() {
        long data = Math.multiplyExact(clusters, (long) largestCluster());
        long padding = options.method() == WriterOptions.Method.NONE ? 0 : data / 128;
        // A table may leave a part of a cluster unused in front of it.
        long metadata = 2 * tables + geometry.clustersOf((long) options.l1Entries() * Long.BYTES) + 2;
        long used = geometry.clustersOf(Math.addExact(data, padding)) + metadata;
        return (used + refcountClusters(used)) << geometry.clusterBits();
    }

    private int largestCluster() {
        return options.method() == WriterOptions.Method.NONE
                ? geometry.clusterSize()
                : StoredFrames.of(options.method().type()).frameSize(geometry.clusterSize());
    }

    /** Blocks, each perhaps behind an unused part of a cluster, and their table. */
    private long refcountClusters(long used) {
        long perBlock = geometry.clusterSize() / Short.BYTES;
        long blocks = 0;
        long table = 0;
        long counted;
        do {
            counted = used + 2 * blocks + table;
            blocks = counted / perBlock + 1;
            table = geometry.clustersOf(blocks * Long.BYTES);
        } while (counted != used + 2 * blocks + table);
        return 2 * blocks + table;
    }
}
