package io.stillframe.image.qcow2;

import java.util.Optional;

/**
 * An image's header, checked against the format and against the file's length ("Header", "Header extensions").
 *
 * @param version 2 or 3
 * @param geometry clusters and entries
 * @param size virtual size in bytes
 * @param l1Offset where the active L1 table begins
 * @param l1Entries its entries
 * @param refcountTableOffset where the refcount table begins; not checked, because reading does not need it
 * @param refcountTableClusters its clusters; not checked
 * @param refcountOrder binary logarithm of the width of a refcount in bits, 0 to 6
 * @param snapshots internal snapshots
 * @param snapshotsOffset where the snapshot table begins; not checked
 * @param incompatible incompatible feature bits, all known
 * @param compatible compatible feature bits
 * @param autoclear autoclear feature bits
 * @param compression of compressed clusters
 * @param backing the backing file that it names
 * @param bitmaps the bitmaps extension
 */
record Qcow2Header(
        int version,
        Geometry geometry,
        long size,
        long l1Offset,
        int l1Entries,
        long refcountTableOffset,
        int refcountTableClusters,
        int refcountOrder,
        int snapshots,
        long snapshotsOffset,
        long incompatible,
        long compatible,
        long autoclear,
        CompressionType compression,
        Optional<Backing> backing,
        Optional<Bitmaps> bitmaps) {
    /** "QFI\xfb". */
    static final int MAGIC = 0x514649fb;

    static final int LENGTH_V2 = 72;
    static final int LENGTH_V3 = 104;

    /** Version 3 with the compression type and its padding. */
    static final int LENGTH_WITH_COMPRESSION = 112;

    /** QEMU's limit of internal snapshots. */
    static final int MOST_SNAPSHOTS = 65_536;

    static final int EXTENSION_END = 0;
    static final int EXTENSION_BACKING_FORMAT = 0xe2792aca;
    static final int EXTENSION_FEATURE_NAMES = 0x6803f857;
    static final int EXTENSION_BITMAPS = 0x23852875;

    /**
     * Stillframe's own extension, 8 bytes: the disk's exact size where it is no multiple of 512. QEMU ignores what is behind the last whole
     * sector of a header's size; so such a disk is stored with its size rounded up, which every other reader sees, and with this. It
     * counts only while the header's size is still this size rounded up.
     */
    static final int EXTENSION_EXACT_SIZE = 0x53467673;

    /** Bytes of one entry of the feature name table. */
    static final int FEATURE_NAME_ENTRY = 48;

    /**
     * The backing file that an image names.
     *
     * @param name file name or QEMU's pseudo-protocol text, as the image has it
     * @param format its format; empty text if the image does not say
     */
    record Backing(String name, String format) {}

    /**
     * The bitmaps extension.
     *
     * @param count bitmaps
     * @param directoryOffset where the bitmap directory begins; not checked
     * @param directorySize its bytes; not checked
     */
    record Bitmaps(int count, long directoryOffset, long directorySize) {}

    boolean dirty() {
        return (incompatible & Features.DIRTY) != 0;
    }

    boolean markedCorrupt() {
        return (incompatible & Features.CORRUPT) != 0;
    }

    boolean bitmapsConsistent() {
        return (autoclear & Features.BITMAPS) != 0;
    }
}
