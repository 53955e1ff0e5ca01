package io.stillframe.image.qcow2;

import io.stillframe.spi.ByteSource;

/**
 * Reads stored refcounts of any width ("Host cluster management"). What cannot be read because the tables are broken counts as 0. For
 * one thread at a time.
 */
final class RefcountReader {
    private final Qcow2Header header;
    private final Geometry geometry;
    private final TableWords tableWords;
    private final TableWords blockWords;
    private final long fileSize;
    private final long tableEntries;
    private final int bits;
    private final long countsPerBlock;

    RefcountReader(Qcow2Header header, TableCache tables, ByteSource image) {
        this.header = header;
        this.geometry = header.geometry();
        this.tableWords = new TableWords(tables);
        this.blockWords = new TableWords(tables);
        this.fileSize = image.size();
        this.bits = 1 << header.refcountOrder();
        this.countsPerBlock = geometry.clusterSize() * 8L / bits;
        this.tableEntries = tableSound() ? tableBytes() / Long.BYTES : 0;
    }

    private long tableBytes() {
        return Integer.toUnsignedLong(header.refcountTableClusters()) << geometry.clusterBits();
    }

    /** Whether the refcount table is aligned, small enough and within the file. */
    boolean tableSound() {
        long offset = header.refcountTableOffset();
        return offset >= geometry.clusterSize()
                && geometry.aligned(offset)
                && tableBytes() > 0
                && tableBytes() <= Geometry.LARGEST_REFCOUNT_TABLE
                && offset <= fileSize - tableBytes();
    }

    /** Entries of the refcount table; 0 if it is not sound. */
    long tableEntries() {
        return tableEntries;
    }

    /** An entry of the refcount table. */
    long tableEntry(long index) {
        return tableWords.word(header.refcountTableOffset(), tableEntries, index);
    }

    /** Whether an entry of the refcount table points to an aligned block within the file. */
    boolean blockSound(long entry) {
        return entry >= geometry.clusterSize()
                && geometry.aligned(entry)
                && (entry & Entries.REFCOUNT_RESERVED) == 0
                && entry <= fileSize - geometry.clusterSize();
    }

    /** The stored refcount of a host cluster, unsigned. */
    long refcount(long cluster) {
        long index = cluster / countsPerBlock;
        if (index >= tableEntries) {
            return 0;
        }
        long block = tableEntry(index);
        return blockSound(block) ? inBlock(block, cluster % countsPerBlock) : 0;
    }

    private long inBlock(long block, long index) {
        long bit = index * bits;
        long word = blockWords.word(block, geometry.clusterSize() / Long.BYTES, bit / Long.SIZE);
        return bits == Long.SIZE ? word : (word >>> shift((int) (bit % Long.SIZE))) & ((1L << bits) - 1);
    }

    /** Whole bytes come most significant first, narrower refcounts within their byte least significant first. */
    private int shift(int inWord) {
        return bits >= Byte.SIZE
                ? Long.SIZE - bits - inWord
                : Long.SIZE - Byte.SIZE - inWord / Byte.SIZE * Byte.SIZE + inWord % Byte.SIZE;
    }
}
