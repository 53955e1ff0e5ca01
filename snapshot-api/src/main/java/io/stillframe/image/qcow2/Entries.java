package io.stillframe.image.qcow2;

/** Bits of table entries ("Cluster mapping", "Host cluster management"). */
final class Entries {
    /** In L1 and standard L2 entries: the refcount of what it points to is exactly one. */
    static final long COPIED = 1L << 63;

    /** In L2 entries: the cluster is compressed. */
    static final long COMPRESSED = 1L << 62;

    /** In standard L2 entries of version 3 without subclusters: the cluster reads as zeros. */
    static final long ZERO = 1L;

    /** Bits 9 to 55 of L1 and standard L2 entries: a host offset. */
    static final long OFFSET = 0x00ff_ffff_ffff_fe00L;

    /** Bits of an L1 entry that must be zero. */
    static final long L1_RESERVED = 0x7f00_0000_0000_01ffL;

    /** Bits of a standard L2 entry that must be zero; bit 0 is {@link #ZERO} where that exists, else reserved too. */
    static final long L2_RESERVED = 0x3f00_0000_0000_01feL;

    /** Bits of a refcount table entry that must be zero. */
    static final long REFCOUNT_RESERVED = 0x1ffL;

    private Entries() {}

    static boolean compressed(long l2Entry) {
        return (l2Entry & COMPRESSED) != 0;
    }

    /** Where a compressed cluster's data begins. */
    static long compressedOffset(long l2Entry, Geometry geometry) {
        return l2Entry & ((1L << geometry.compressedShift()) - 1);
    }

    /** Bytes from there to the end of the last sector that belongs to it; what it really uses may be less. */
    static int compressedLength(long l2Entry, Geometry geometry) {
        int shift = geometry.compressedShift();
        long additional = (l2Entry & (COMPRESSED - 1)) >>> shift;
        long offset = compressedOffset(l2Entry, geometry);
        return (int) ((additional + 1) * Geometry.SECTOR - (offset & (Geometry.SECTOR - 1)));
    }

    /** The descriptor of a compressed cluster of {@code length} bytes at {@code offset}. */
    static long compressedEntry(long offset, int length, Geometry geometry) {
        long additional = (offset + length - 1) / Geometry.SECTOR - offset / Geometry.SECTOR;
        return COMPRESSED | additional << geometry.compressedShift() | offset;
    }
}
