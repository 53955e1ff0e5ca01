package io.stillframe.image.qcow2;

import java.util.Arrays;

/**
 * Counts references to the host clusters of one window of a file; those outside the window are ignored. A file is checked window by
 * window, so that memory does not grow with it. For one thread at a time.
 */
final class ReferenceCounts {
    private static final int MOST = 4 << 20;

    private final int[] counts;
    private final Geometry geometry;
    private long first;

    ReferenceCounts(long fileClusters, Geometry geometry) {
        this.counts = new int[(int) Math.min(fileClusters, MOST)];
        this.geometry = geometry;
    }

    int window() {
        return counts.length;
    }

    /** Goes to another window. */
    void moveTo(long cluster) {
        first = cluster;
        Arrays.fill(counts, 0);
    }

    /** Counts {@code times} references to every cluster that {@code [offset, offset + length)} touches. */
    void add(long offset, long length, int times) {
        long from = Math.max(offset >>> geometry.clusterBits(), first);
        long last = Math.min((offset + length - 1) >>> geometry.clusterBits(), first + counts.length - 1);
        for (long cluster = from; cluster <= last; cluster++) {
            int index = (int) (cluster - first);
            counts[index] = (int) Math.min((long) counts[index] + times, Integer.MAX_VALUE);
        }
    }

    /** References to a cluster of the window; {@link Integer#MAX_VALUE} stands for that many or more. */
    int of(long cluster) {
        return counts[(int) (cluster - first)];
    }
}
