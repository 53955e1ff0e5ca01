package io.stillframe.image.qcow2;

import io.stillframe.model.SnapshotException;

/**
 * Looks up where an image's active layer keeps its disk's bytes ("Cluster mapping", "Extended L2 Entries"). Holds on to the table
 * pieces that it used last, so that going forward looks each piece up once. For one thread at a time.
 */
final class ClusterCursor {
    private static final long NONE = -1;

    private final Qcow2Header header;
    private final Geometry geometry;
    private final TableCache tables;
    private final long fileSize;
    private final String image;

    private long l1Slice = NONE;
    private long[] l1 = {};
    private long l2Slice = NONE;
    private long[] l2 = {};

    private long tableIndex = NONE;
    private long tablesVisited;

    // The unit that was looked at last.
    private Mapping.Kind kind = Mapping.Kind.UNALLOCATED;
    private long host;
    private int hostLength;

    /** @param image what it is, for messages */
    ClusterCursor(Qcow2Header header, TableCache tables, long fileSize, String image) {
        this.header = header;
        this.geometry = header.geometry();
        this.tables = tables;
        this.fileSize = fileSize;
        this.image = image;
    }

    /** How many times a lookup went to another L1 entry's L2 table than the one before. */
    long tablesVisited() {
        return tablesVisited;
    }

    /**
     * The mapping from {@code position} on, as far as one piece of a table tells; {@code position < limit <= size}.
     *
     * @throws SnapshotException CORRUPT if the tables are broken
     */
    Mapping at(long position, long limit) {
        int bits = geometry.coverageBits();
        long l2Offset = l2Table(position >>> bits);
        if (l2Offset == 0) {
            return new Mapping(Mapping.Kind.UNALLOCATED, position, endOfGap(position, limit), 0, 0);
        }
        long unit = position & -(long) geometry.unitSize();
        long stop = Math.min(limit, loadSlice(l2Offset, position));
        lookAt(unit);
        Mapping.Kind firstKind = kind;
        long firstHost = host;
        int firstLength = hostLength;
        long end = firstKind == Mapping.Kind.COMPRESSED ? clusterEnd(unit) : runEnd(unit, stop);
        long skipped = firstKind == Mapping.Kind.DATA ? position - unit : 0;
        return new Mapping(firstKind, position, Math.min(end, limit), firstHost + skipped, firstLength);
    }

    private long clusterEnd(long position) {
        return (position | (geometry.clusterSize() - 1)) + 1;
    }

    /** Extends the run of the unit that was just looked at. */
    private long runEnd(long start, long stop) {
        Mapping.Kind first = kind;
        long firstHost = host;
        long end = start + geometry.unitSize();
        while (end < stop) {
            lookAt(end);
            if (kind != first || (first == Mapping.Kind.DATA && host != firstHost + (end - start))) {
                break;
            }
            end += geometry.unitSize();
        }
        return end;
    }

    /** The offset of an L2 table, 0 if there is none. */
    private long l2Table(long index) {
        long entry = l1Entry(index);
        if (entry == 0) {
            return 0;
        }
        long offset = entry & Entries.OFFSET;
        if ((entry & Entries.L1_RESERVED) != 0 || !inFile(offset) || offset > fileSize - geometry.clusterSize()) {
            throw corrupt("L1 entry " + index + " is " + Long.toHexString(entry)
                    + " (hex), which is no aligned L2 table within the file");
        }
        return offset;
    }

    private long l1Entry(long index) {
        long slice = index / (TableCache.SLICE / Long.BYTES);
        if (slice != l1Slice) {
            long from = slice * TableCache.SLICE;
            long bytes = Math.min(TableCache.SLICE, (long) header.l1Entries() * Long.BYTES - from);
            l1 = tables.slice(header.l1Offset() + from, (int) bytes);
            l1Slice = slice;
        }
        return l1[(int) (index % (TableCache.SLICE / Long.BYTES))];
    }

    /** Where the run of L1 entries without a table ends. */
    private long endOfGap(long position, long limit) {
        int bits = geometry.coverageBits();
        long index = (position >>> bits) + 1;
        long last = (limit - 1) >>> bits;
        while (index <= last && l1Entry(index) == 0) {
            index++;
        }
        return Math.min(limit, index << bits);
    }

    /** Gets the piece of an L2 table that maps {@code position} and returns the first position behind what it maps. */
    private long loadSlice(long l2Offset, long position) {
        int length = Math.min(TableCache.SLICE, geometry.clusterSize());
        long perSlice = length / Long.BYTES / geometry.entryWords();
        long cluster = position >>> geometry.clusterBits();
        long sliceInTable = (cluster & ((1L << geometry.l2Bits()) - 1)) / perSlice;
        if (position >>> geometry.coverageBits() != tableIndex) {
            tableIndex = position >>> geometry.coverageBits();
            tablesVisited++;
        }
        long offset = l2Offset + sliceInTable * length;
        if (offset != l2Slice) {
            l2 = tables.slice(offset, length);
            l2Slice = offset;
        }
        return ((cluster / perSlice + 1) * perSlice) << geometry.clusterBits();
    }

    private void lookAt(long position) {
        int words = geometry.entryWords();
        int index = (int) ((position >>> geometry.clusterBits()) * words) & (l2.length - 1);
        long entry = l2[index];
        hostLength = 0;
        host = 0;
        if (Entries.compressed(entry)) {
            compressed(entry, position);
        } else if (geometry.extended()) {
            subcluster(entry, l2[index + 1], position);
        } else {
            standard(entry, position);
        }
    }

    private void compressed(long entry, long position) {
        kind = Mapping.Kind.COMPRESSED;
        host = Entries.compressedOffset(entry, geometry);
        hostLength = Entries.compressedLength(entry, geometry);
        if (host < geometry.clusterSize() || host >= fileSize) {
            throw corruptEntry(entry, position, "compressed data begins outside the file");
        }
    }

    private void standard(long entry, long position) {
        boolean zero = (entry & Entries.ZERO) != 0;
        if ((entry & Entries.L2_RESERVED) != 0 || (zero && header.version() < 3)) {
            throw corruptEntry(entry, position, "reserved bits are set");
        }
        host = zero ? 0 : allocated(entry, position); // What a zero cluster has preallocated is never read.
        kind = zero ? Mapping.Kind.ZERO : host == 0 ? Mapping.Kind.UNALLOCATED : Mapping.Kind.DATA;
    }

    private void subcluster(long entry, long bitmap, long position) {
        if ((entry & (Entries.L2_RESERVED | Entries.ZERO)) != 0 || (bitmap & bitmap >>> 32) != 0) {
            throw corruptEntry(entry, position, "reserved bits are set or a subcluster is both data and zero");
        }
        long cluster = allocated(entry, position);
        if (cluster == 0 && (int) bitmap != 0) {
            throw corruptEntry(entry, position, "subclusters are allocated without a host cluster");
        }
        int inCluster = (int) position & (geometry.clusterSize() - 1);
        int index = inCluster / geometry.unitSize();
        boolean data = (bitmap & 1L << index) != 0;
        boolean zero = (bitmap & 1L << (32 + index)) != 0;
        kind = data ? Mapping.Kind.DATA : zero ? Mapping.Kind.ZERO : Mapping.Kind.UNALLOCATED;
        host = data ? cluster + inCluster : 0;
    }

    /** The host cluster of a standard entry, 0 if it has none. */
    private long allocated(long entry, long position) {
        long offset = entry & Entries.OFFSET;
        if (offset == 0 ? (entry & Entries.COPIED) != 0 : !inFile(offset)) {
            throw corruptEntry(entry, position, "its host cluster is not aligned or not within the file");
        }
        return offset;
    }

    private boolean inFile(long offset) {
        return offset >= geometry.clusterSize() && geometry.aligned(offset) && offset < fileSize;
    }

    private SnapshotException corruptEntry(long entry, long position, String why) {
        return corrupt(
                "the L2 entry for disk position " + position + " is " + Long.toHexString(entry) + " (hex): " + why);
    }

    private SnapshotException corrupt(String what) {
        return SnapshotException.corrupt(image + ": " + what);
    }
}
