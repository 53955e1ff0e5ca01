package io.stillframe.image.vmdk;

/**
 * Where an image keeps a run of the disk's bytes.
 *
 * @param kind how it is kept
 * @param start first byte on the disk
 * @param end end on the disk, exclusive, larger than {@code start}
 * @param host offset in the file: of the byte {@code start} for DATA, of the grain's marker for COMPRESSED; else 0
 * @param hostEnd for COMPRESSED: where in the file the grain probably ends; else 0
 */
record Mapping(Kind kind, long start, long end, long host, long hostEnd) {
    enum Kind {
        /** Bytes as they are, the whole run contiguous in the file. */
        DATA,
        /** Part of one compressed grain. */
        COMPRESSED,
        /** Marked as zeros. */
        ZERO,
        /** Never written. */
        HOLE
    }

    long length() {
        return end - start;
    }
}
