package io.stillframe.image.vmdk;

import io.stillframe.model.SnapshotException;

/**
 * Looks up where an image keeps its disk's bytes ("Grain Directory", "Grain Tables"). Holds on to the table that it used last, so that
 * going forward looks each one up once. For one thread at a time.
 */
final class GrainCursor {
    /** The entry of a grain that is marked as zeros, if the header's flag allows it. */
    private static final long ZERO_GRAIN = 1;

    private final VmdkLayout layout;
    private final TableCache tables;
    private final GrainDirectory directory;
    private final long fileSize;
    private final String image;
    private int tableIndex = -1;
    private int[] table = {};
    private long tablesVisited;

    /** @param image what it is, for messages */
    GrainCursor(VmdkLayout layout, TableCache tables, long fileSize, String image) {
        this.layout = layout;
        this.tables = tables;
        this.directory = new GrainDirectory(tables, layout.directory(), layout.directoryEntries());
        this.fileSize = fileSize;
        this.image = image;
    }

    /** How many times a lookup went to another grain table than the one before. */
    long tablesVisited() {
        return tablesVisited;
    }

    /**
     * The mapping from {@code position} on, as far as one grain table tells; {@code position < limit <= size}.
     *
     * @throws SnapshotException CORRUPT if the tables are broken
     */
    Mapping at(long position, long limit) {
        int index = (int) (position >>> layout.tableBits());
        if (!load(index)) {
            return new Mapping(Mapping.Kind.HOLE, position, endOfGap(index, limit), 0, 0);
        }
        long tableEnd = (index + 1L) << layout.tableBits();
        long grain = position >>> layout.grainBits();
        long entry = entry(grain);
        Mapping.Kind kind = kind(entry, grain);
        long end = kind == Mapping.Kind.COMPRESSED
                ? (grain + 1) << layout.grainBits()
                : runEnd(kind, entry, grain, Math.min(limit, tableEnd));
        long host = entry <= ZERO_GRAIN ? 0 : Sectors.bytes(entry);
        return switch (kind) {
            case DATA -> new Mapping(kind, position, Math.min(end, limit), host + (position & inGrain()), 0);
            case COMPRESSED -> new Mapping(kind, position, Math.min(end, limit), host, hostEnd(host, grain));
            default -> new Mapping(kind, position, Math.min(end, limit), 0, 0);
        };
    }

    private long inGrain() {
        return layout.grainSize() - 1L;
    }

    /** Whether there is a grain table for this entry of the directory; it is then the one at hand. */
    private boolean load(int index) {
        long sector = directory.entry(index);
        if (sector == 0) {
            return false;
        }
        if (index != tableIndex) {
            long offset = Sectors.bytes(sector);
            if (offset < layout.dataStart() || offset > fileSize - SparseHeader.TABLE_BYTES) {
                throw SnapshotException.corrupt(image + ": entry " + index + " of the grain directory is " + sector
                        + ", which is no sector of a grain table within the file");
            }
            table = tables.entries(offset, SparseHeader.TABLE_ENTRIES);
            tableIndex = index;
            tablesVisited++;
        }
        return true;
    }

    private long entry(long grain) {
        return Integer.toUnsignedLong(table[(int) (grain & (SparseHeader.TABLE_ENTRIES - 1))]);
    }

    private Mapping.Kind kind(long entry, long grain) {
        if (entry == 0) {
            return Mapping.Kind.HOLE;
        }
        if (entry == ZERO_GRAIN && layout.header().has(SparseHeader.FLAG_ZERO_GRAINS)) {
            return Mapping.Kind.ZERO;
        }
        long host = Sectors.bytes(entry);
        if (host < layout.dataStart() || host >= fileSize) {
            throw SnapshotException.corrupt(image + ": the grain for disk position " + (grain << layout.grainBits())
                    + " is at sector " + entry + ", which is not within the file behind its descriptor");
        }
        return layout.compressed() ? Mapping.Kind.COMPRESSED : Mapping.Kind.DATA;
    }

    private long runEnd(Mapping.Kind kind, long entry, long first, long stop) {
        long grain = first + 1;
        while ((grain << layout.grainBits()) < stop) {
            long next = entry(grain);
            boolean adjacent = kind != Mapping.Kind.DATA
                    || next == entry + ((grain - first) << (layout.grainBits() - Sectors.BITS));
            if (!adjacent || kind(next, grain) != kind) {
                break;
            }
            grain++;
        }
        return grain << layout.grainBits();
    }

    /** Where the next grain begins, if it lies behind and near; else as far as incompressible data would reach. */
    private long hostEnd(long host, long grain) {
        long most = Math.min(
                fileSize, host + Sectors.roundUp(Marker.GRAIN_LENGTH + GrainCompressor.bound(layout.grainSize())));
        boolean last = ((grain + 1) & (SparseHeader.TABLE_ENTRIES - 1)) == 0;
        long next = last ? 0 : Sectors.bytes(entry(grain + 1));
        return next > host && next < most ? next : most;
    }

    /** Where the run of directory entries without a table ends. */
    private long endOfGap(int from, long limit) {
        int index = from + 1;
        int last = (int) ((limit - 1) >>> layout.tableBits());
        while (index <= last && directory.entry(index) == 0) {
            index++;
        }
        return Math.min(limit, (long) index << layout.tableBits());
    }
}
