package io.stillframe.image.vmdk;

/**
 * An image's header and descriptor after all checks that need no table.
 *
 * @param header what counts: the footer's where there is one
 * @param descriptor what the image says of itself
 * @param size of the disk in bytes, as the guest sees it
 * @param grainBits log2 of the bytes of a grain
 * @param directory where the grain directory lies, in bytes
 * @param directoryEntries how many grain tables the disk can have
 * @param dataStart first byte of the file that can belong to a table or a grain
 */
record VmdkLayout(
        SparseHeader header,
        Descriptor descriptor,
        long size,
        int grainBits,
        long directory,
        int directoryEntries,
        long dataStart) {
    /** Bytes of the disk in a grain. */
    int grainSize() {
        return 1 << grainBits;
    }

    /** Log2 of the bytes of the disk that one grain table maps. */
    int tableBits() {
        return grainBits + Integer.numberOfTrailingZeros(SparseHeader.TABLE_ENTRIES);
    }

    boolean compressed() {
        return header.compressed();
    }

    /** Most bytes of compressed data that one grain can have, as QEMU reads it: twice the grain. */
    int mostCompressed() {
        return 2 * grainSize();
    }
}
