package io.stillframe.image.qcow2;

/**
 * Where one layer keeps a run of the disk's bytes.
 *
 * @param kind how it is kept
 * @param start first byte on the disk
 * @param end end on the disk, exclusive, larger than {@code start}
 * @param host offset in the file: of the byte {@code start} for DATA, of the whole cluster's compressed data for COMPRESSED; else 0
 * @param hostLength bytes of the compressed data up to its last sector's end; else 0
 */
record Mapping(Kind kind, long start, long end, long host, int hostLength) {
    enum Kind {
        /** Bytes as they are, the whole run contiguous in the file. */
        DATA,
        /** Part of one compressed cluster. */
        COMPRESSED,
        /** Reads as zeros, whatever a backing layer has. */
        ZERO,
        /** Reads as the backing layer, or as zeros. */
        UNALLOCATED
    }

    long length() {
        return end - start;
    }
}
