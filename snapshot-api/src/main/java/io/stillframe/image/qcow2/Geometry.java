package io.stillframe.image.qcow2;

/**
 * What follows from the cluster size and the kind of L2 entries ("Cluster mapping", "Extended L2 Entries").
 *
 * @param clusterBits binary logarithm of the cluster size, {@value #FEWEST_BITS} to {@value #MOST_BITS}
 * @param extended whether an L2 entry has 128 bits and tells 32 subclusters apart
 */
record Geometry(int clusterBits, boolean extended) {
    /** The format's lower limit: clusters of 512 bytes. */
    static final int FEWEST_BITS = 9;

    /** QEMU's upper limit: clusters of 2 MiB. */
    static final int MOST_BITS = 21;

    /** With extended L2 entries a subcluster has at least 512 bytes. */
    static final int FEWEST_BITS_EXTENDED = 14;

    /** QEMU's upper limit of an L1 table. */
    static final int LARGEST_L1 = 32 << 20;

    /** QEMU's upper limit of a refcount table. */
    static final int LARGEST_REFCOUNT_TABLE = 8 << 20;

    /** Units of compressed data in L2 entries. */
    static final int SECTOR = 512;

    private static final int SUBCLUSTER_BITS = 5;

    int clusterSize() {
        return 1 << clusterBits;
    }

    /** Bytes of the smallest unit that is mapped on its own: a subcluster, or a cluster. */
    int unitSize() {
        return 1 << (extended ? clusterBits - SUBCLUSTER_BITS : clusterBits);
    }

    /** 64-bit words of an L2 entry. */
    int entryWords() {
        return extended ? 2 : 1;
    }

    /** Binary logarithm of the number of entries in an L2 table. */
    int l2Bits() {
        return clusterBits - (extended ? 4 : 3);
    }

    /** Binary logarithm of the bytes of disk that one L2 table maps. */
    int coverageBits() {
        return clusterBits + l2Bits();
    }

    /** Where the sector count begins in a compressed cluster's descriptor; the bits below are the offset. */
    int compressedShift() {
        return 62 - (clusterBits - 8);
    }

    /** First byte that a compressed cluster cannot begin at: limited by its descriptor and by 56 bits. */
    long compressedLimit() {
        return 1L << Math.min(compressedShift(), 56);
    }

    /** L1 entries that a disk needs. */
    long l1Entries(long virtualSize) {
        return virtualSize == 0 ? 0 : ((virtualSize - 1) >>> coverageBits()) + 1;
    }

    /** The largest disk that an L1 table of {@link #LARGEST_L1} maps. */
    long largestDisk() {
        return (long) (LARGEST_L1 / Long.BYTES) << coverageBits();
    }

    long clustersOf(long bytes) {
        return bytes == 0 ? 0 : ((bytes - 1) >>> clusterBits) + 1;
    }

    boolean aligned(long offset) {
        return (offset & (clusterSize() - 1)) == 0;
    }
}
