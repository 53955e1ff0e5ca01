package io.stillframe.image.qcow2;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSink;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The image file in the order that it is written in: hands out host offsets and keeps the refcounts of what they were handed out for
 * ("Host cluster management"). A refcount block is written into the stream as soon as all clusters that it counts lie behind the
 * stream's end, so that only two blocks are ever in memory; of the others only their offsets are kept. For one thread at a time.
 */
final class HostStream {
    /** 16-bit refcounts, as QEMU's default. */
    static final int REFCOUNT_ORDER = 4;

    private static final int MOST_REFERENCES = 0xffff;

    private final Geometry geometry;
    private final int countsPerBlock;
    private ByteBuffer block;
    private ByteBuffer nextBlock;
    private long[] blockOffsets = new long[16];
    private int blocks;
    private long end;

    /** Starts with the header's cluster, of which {@code headLength} bytes are not part of the body. */
    HostStream(Geometry geometry) {
        this.geometry = geometry;
        this.countsPerBlock = geometry.clusterSize() / Short.BYTES;
        this.block = ByteBuffer.allocate(geometry.clusterSize());
        this.nextBlock = ByteBuffer.allocate(geometry.clusterSize());
    }

    /** Fills the header's cluster up behind the head. */
    void begin(int headLength, ByteSink body) {
        body.writeZeros(geometry.clusterSize() - (long) headLength);
        count(0);
        end = geometry.clusterSize();
    }

    /** Where the next byte goes. */
    long end() {
        return end;
    }

    /** Bytes up to the next cluster boundary. */
    int gap() {
        return (int) (-end & (geometry.clusterSize() - 1));
    }

    /** Appends one whole cluster at the next boundary and returns its offset. */
    long appendCluster(ByteBuffer cluster, ByteSink body) {
        align(body);
        long offset = end;
        count(offset >>> geometry.clusterBits());
        body.write(cluster);
        end += geometry.clusterSize();
        writeFullBlocks(body);
        return offset;
    }

    /**
     * Makes room for compressed data of {@code length} bytes, right behind what is there if possible; the caller then writes exactly
     * that many bytes to {@code body} and calls {@link #compressedWritten}. Returns its offset.
     */
    long startCompressed(int length, ByteSink body) {
        if (gap() > 0 && references(end >>> geometry.clusterBits()) == MOST_REFERENCES) {
            align(body);
        }
        long offset = end;
        if (offset >= geometry.compressedLimit()) {
            throw SnapshotException.unsupported("compressed data at " + offset + " exceeds what clusters of "
                    + geometry.clusterSize() + " bytes can refer to; choose smaller clusters");
        }
        long last = (offset + length - 1) >>> geometry.clusterBits();
        for (long cluster = offset >>> geometry.clusterBits(); cluster <= last; cluster++) {
            count(cluster);
        }
        end += length;
        return offset;
    }

    void compressedWritten(ByteSink body) {
        writeFullBlocks(body);
    }

    /** Fills the current cluster up. */
    void align(ByteSink body) {
        int gap = gap();
        if (gap > 0) {
            body.writeZeros(gap);
            end += gap;
            writeFullBlocks(body);
        }
    }

    private void writeFullBlocks(ByteSink body) {
        while (end >>> geometry.clusterBits() >= (blocks + 1L) * countsPerBlock) {
            int gap = gap();
            if (gap > 0) {
                body.writeZeros(gap);
                end += gap;
            }
            count(end >>> geometry.clusterBits());
            writeBlock(end, body);
            end += geometry.clusterSize();
        }
    }

    private void writeBlock(long offset, ByteSink body) {
        body.write(block.clear());
        if (blocks == blockOffsets.length) {
            blockOffsets = Arrays.copyOf(blockOffsets, 2 * blocks);
        }
        blockOffsets[blocks++] = offset;
        Arrays.fill(block.array(), (byte) 0);
        ByteBuffer written = block;
        block = nextBlock;
        nextBlock = written;
    }

    private void count(long cluster) {
        ByteBuffer counts = blockOf(cluster);
        int at = (int) (cluster % countsPerBlock) * Short.BYTES;
        counts.putShort(at, (short) (counts.getShort(at) + 1));
    }

    private int references(long cluster) {
        return blockOf(cluster).getShort((int) (cluster % countsPerBlock) * Short.BYTES) & 0xffff;
    }

    private ByteBuffer blockOf(long cluster) {
        return cluster / countsPerBlock == blocks ? block : nextBlock;
    }

    /**
     * Writes the L1 table, the refcount table and the refcount blocks that are still open; the file ends with them.
     *
     * @param l1 entries of the L1 table
     */
    Tail finish(long[] l1, ByteSink body) {
        align(body);
        long l1Offset = end;
        long l1Clusters = geometry.clustersOf((long) l1.length * Long.BYTES);
        long first = end >>> geometry.clusterBits();
        int tableClusters = 0;
        int openBlocks = 0;
        long total;
        do { // The tables count themselves: grows until it fits.
            total = first + l1Clusters + tableClusters + openBlocks;
            openBlocks = Math.toIntExact((total - 1) / countsPerBlock + 1 - blocks);
            tableClusters = Math.toIntExact(geometry.clustersOf((blocks + (long) openBlocks) * Long.BYTES));
        } while (total != first + l1Clusters + tableClusters + openBlocks);
        long tableOffset = l1Offset + (l1Clusters << geometry.clusterBits());
        writeTable(l1, l1.length, l1Clusters, body);
        long blockOffset = tableOffset + ((long) tableClusters << geometry.clusterBits());
        long[] table = Arrays.copyOf(blockOffsets, blocks + openBlocks);
        for (int i = 0; i < openBlocks; i++) {
            table[blocks + i] = blockOffset + ((long) i << geometry.clusterBits());
        }
        writeTable(table, table.length, tableClusters, body);
        writeOpenBlocks(openBlocks, first, total, blockOffset, body);
        end = total << geometry.clusterBits();
        return new Tail(l1Offset, tableOffset, tableClusters);
    }

    /** Everything from cluster {@code first} to {@code total} is used once. */
    private void writeOpenBlocks(int count, long first, long total, long offset, ByteSink body) {
        for (int i = 0; i < count; i++) {
            long base = (long) blocks * countsPerBlock;
            long stop = Math.min(total, base + countsPerBlock);
            for (long cluster = Math.max(first, base); cluster < stop; cluster++) {
                count(cluster);
            }
            writeBlock(offset + ((long) i << geometry.clusterBits()), body);
        }
    }

    private void writeTable(long[] entries, int length, long clusters, ByteSink body) {
        ByteBuffer piece = ByteBuffer.allocate(64 * 1024);
        for (int i = 0; i < length; i++) {
            if (!piece.hasRemaining()) {
                body.write(piece.flip());
                piece.clear();
            }
            piece.putLong(entries[i]);
        }
        body.write(piece.flip());
        body.writeZeros((clusters << geometry.clusterBits()) - (long) length * Long.BYTES);
    }

    /**
     * Where the closing tables lie.
     *
     * @param l1Offset of the L1 table
     * @param refcountTableOffset of the refcount table
     * @param refcountTableClusters clusters of the refcount table
     */
    record Tail(long l1Offset, long refcountTableOffset, int refcountTableClusters) {}
}
