package io.stillframe.image.vmdk;

import io.stillframe.internal.image.Findings;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCheck;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Checks all metadata of an image: every entry of the directory and of the grain tables against the file's length, the markers of
 * compressed grains, that no two of them share a place, and that the redundant tables say the same. Memory is bounded for any image: 16 MiB
 * for a window of 64 GiB of the file at a time, and 4 MiB of tables. Time: the tables, and the markers of compressed grains, are read once
 * for each such window. For one use.
 */
final class VmdkCheck {
    private static final int AHEAD = 64 * 1024;

    private final ByteSource image;
    private final VmdkLayout layout;
    private final SparseHeader header;
    private final Cancellation cancellation;
    private final TableCache tables;
    private final SectorUse use;
    private final long fileSectors;
    private final Findings corruptions = new Findings();
    private final ByteBuffer ahead = ByteBuffer.allocate(AHEAD);
    private long aheadFrom;
    private long walked;
    private long allocated;

    /** Faults of entries are told in the first window only. */
    private boolean firstWindow = true;

    VmdkCheck(ByteSource image, VmdkLayout layout, Cancellation cancellation) {
        this.image = image;
        this.layout = layout;
        this.header = layout.header();
        this.cancellation = cancellation;
        this.tables = new TableCache(image);
        this.fileSectors = image.size() >>> Sectors.BITS;
        this.use = new SectorUse(fileSectors);
        this.ahead.limit(0);
    }

    ImageCheck run() {
        if (header.unclean()) {
            corruptions.add("the image was not closed cleanly; what was written last may be missing");
        }
        long stop = layout.directoryEntries() == 0 ? 0 : fileSectors;
        for (long window = 0; window < stop; window += use.window()) {
            use.moveTo(window);
            walk();
            firstWindow = false;
        }
        return new ImageCheck(corruptions.texts(), List.of(), allocated);
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private void fault(String pattern, Object... values) {
        if (firstWindow) {
            corruptions.add(pattern, values);
        }
    }

    private void walk() {
        walked = 0;
        GrainDirectory directory = directory(layout.directory());
        claim(0, Sectors.of(layout.dataStart()), "header and descriptor", 0);
        claim(layout.directory() >>> Sectors.BITS, directorySectors(), "grain directory", 0);
        @Nullable GrainDirectory copy = null;
        if (header.has(SparseHeader.FLAG_REDUNDANT)) {
            copy = directory(Sectors.bytes(header.redundantDirectory()));
            if (header.redundantDirectory() != header.directory()) {
                claim(header.redundantDirectory(), directorySectors(), "redundant grain directory", 0);
            }
        }
        for (int i = 0; i < directory.entries(); i++) {
            if (i % SparseHeader.TABLE_ENTRIES == 0) {
                cancellation.check();
            }
            long table = directory.entry(i);
            if (table != 0 && !walkTable(i, table)) {
                return;
            }
            if (copy != null && firstWindow) {
                compare(i, table, copy.entry(i));
            }
        }
    }

    private GrainDirectory directory(long offset) {
        return new GrainDirectory(tables, offset, layout.directoryEntries());
    }

    private long directorySectors() {
        return Sectors.of((long) layout.directoryEntries() * Integer.BYTES);
    }

    /** Goes through a grain table; false if the walk must end, because there are more tables than the file can hold. */
    private boolean walkTable(int index, long sector) {
        if (!tableInFile(sector)) {
            fault("entry %d of the grain directory is %d: no sector of a grain table within the file", index, sector);
            return true;
        }
        if (++walked > image.size() / SparseHeader.TABLE_BYTES) {
            fault("the grain directory names more tables than the file can hold: several entries share one place");
            return false;
        }
        cancellation.check();
        claim(sector, Sectors.of(SparseHeader.TABLE_BYTES), "grain table", index);
        int[] entries = tables.entries(Sectors.bytes(sector), SparseHeader.TABLE_ENTRIES);
        long firstGrain = (long) index * SparseHeader.TABLE_ENTRIES;
        for (int i = 0; i < entries.length; i++) {
            long grain = firstGrain + i;
            if (entries[i] != 0 && (grain << layout.grainBits()) < layout.size()) {
                walkGrain(grain, Integer.toUnsignedLong(entries[i]));
            }
        }
        return true;
    }

    private boolean tableInFile(long sector) {
        long offset = Sectors.bytes(sector);
        return offset >= layout.dataStart() && offset <= image.size() - SparseHeader.TABLE_BYTES;
    }

    private void walkGrain(long grain, long sector) {
        if (sector == 1 && header.has(SparseHeader.FLAG_ZERO_GRAINS)) {
            return;
        }
        long start = grain << layout.grainBits();
        long present = Math.min(layout.grainSize(), layout.size() - start);
        long host = Sectors.bytes(sector);
        long needed = layout.compressed() ? Marker.GRAIN_LENGTH : present;
        if (host < layout.dataStart() || host > image.size() - needed) {
            fault("the grain for disk position %d is at sector %d: not within the file", start, sector);
            return;
        }
        allocated += firstWindow ? present : 0;
        if (layout.compressed()) {
            walkCompressed(start, sector);
        } else {
            claim(sector, Sectors.of(present), "grain for disk position", start);
        }
    }

    private void walkCompressed(long start, long sector) {
        long host = Sectors.bytes(sector);
        int marker = lookAt(host);
        long diskSector = Marker.value(ahead, marker);
        int length = Marker.length(ahead, marker);
        boolean sound = diskSector == start >>> Sectors.BITS
                && length >= 1
                && length <= layout.mostCompressed()
                && host <= image.size() - Marker.GRAIN_LENGTH - length;
        if (!sound) {
            fault(
                    "the marker at sector %d is of %d bytes for disk sector %d; it should be for disk position %d and lie"
                            + " within the file",
                    sector, length, diskSector, start);
            return;
        }
        claim(sector, Sectors.of(Marker.GRAIN_LENGTH + (long) length), "grain for disk position", start);
    }

    /** Where in what was read ahead the marker at {@code host} is. */
    private int lookAt(long host) {
        if (host < aheadFrom || host + Marker.GRAIN_LENGTH > aheadFrom + ahead.limit()) {
            ahead.clear().limit((int) Math.min(AHEAD, image.size() - host));
            image.read(host, ahead);
            ahead.flip();
            aheadFrom = host;
        }
        return (int) (host - aheadFrom);
    }

    private void claim(long sector, long sectors, String what, long which) {
        if (!use.add(sector, sectors)) {
            corruptions.add(
                    "the %s %d, %d sectors at sector %d, shares sectors with something else",
                    what, which, sectors, sector);
        }
    }

    private void compare(int index, long table, long copy) {
        if ((table == 0) != (copy == 0) || (copy != 0 && !tableInFile(copy))) {
            fault("entry %d of the redundant grain directory is %d, that of the directory is %d", index, copy, table);
        } else if (copy != 0 && copy != table && tableInFile(table)) {
            claim(copy, Sectors.of(SparseHeader.TABLE_BYTES), "redundant grain table", index);
            int[] entries = tables.entries(Sectors.bytes(table), SparseHeader.TABLE_ENTRIES);
            int[] copied = tables.entries(Sectors.bytes(copy), SparseHeader.TABLE_ENTRIES);
            if (!Arrays.equals(entries, copied)) {
                fault("redundant grain table %d differs from the grain table", index);
            }
        }
    }
}
