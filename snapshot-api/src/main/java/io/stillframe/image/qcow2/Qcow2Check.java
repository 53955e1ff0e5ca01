package io.stillframe.image.qcow2;

import io.stillframe.internal.image.Findings;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCheck;

/**
 * Checks all metadata of an image: every table entry against the format and the file's length, and the references to every host cluster
 * against its stored refcount. Memory is bounded for any image: 16 MiB of counters for a window of the file at a time, 8 MiB of tables,
 * and 8 bytes for each reference to an L2 table. Time: the tables are read once for each window of four million clusters. For one use.
 */
final class Qcow2Check {
    private final ByteSource image;
    private final Qcow2Header header;
    private final Geometry geometry;
    private final Cancellation cancellation;
    private final TableWords l1Words;
    private final TableWords l2Words;
    private final RefcountReader refcounts;
    private final ReferenceCounts references;
    private final long fileClusters;
    private final L2References l2Tables = new L2References();
    private final Findings corruptions = new Findings();
    private final Findings leaks = new Findings();
    private long allocatedBytes;

    /** Faults of entries are told in the first window only. */
    private boolean firstWindow = true;

    Qcow2Check(ByteSource image, Qcow2Header header, Cancellation cancellation) {
        this.image = image;
        this.header = header;
        this.geometry = header.geometry();
        this.cancellation = cancellation;
        TableCache tables = new TableCache(image);
        this.l1Words = new TableWords(tables);
        this.l2Words = new TableWords(tables);
        this.refcounts = new RefcountReader(header, tables, image);
        this.fileClusters = geometry.clustersOf(image.size());
        this.references = new ReferenceCounts(fileClusters, geometry);
    }

    ImageCheck run() {
        if (header.markedCorrupt()) {
            corruptions.add("the image is marked corrupt");
        }
        if (!refcounts.tableSound()) {
            corruptions.add(
                    "the refcount table at %d is empty, unaligned or outside the file", header.refcountTableOffset());
        }
        if (header.bitmapsConsistent() && header.bitmaps().isEmpty()) {
            corruptions.add("the bitmaps bit is set without a bitmaps extension");
        }
        checkActive();
        for (long window = 0; window < fileClusters; window += references.window()) {
            references.moveTo(window);
            countAll();
            compare(window);
            firstWindow = false;
        }
        return new ImageCheck(corruptions.texts(), leaks.texts(), allocatedBytes);
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private void fault(String pattern, Object... values) {
        if (firstWindow) {
            corruptions.add(pattern, values);
        }
    }

    // The active layer's view: what is allocated, and flags that are kept accurate only there.

    private void checkActive() {
        for (long index = 0; index < header.l1Entries(); index++) {
            cancellation.check();
            long entry = l1Entry(header.l1Offset(), header.l1Entries(), index);
            if (entry != 0 && l2Sound(entry)) {
                requireCopied(entry, entry & Entries.OFFSET, "L1 entry", index);
                checkActiveTable(entry & Entries.OFFSET, index << geometry.coverageBits());
            }
        }
    }

    private void checkActiveTable(long offset, long position) {
        for (int i = 0; i < 1 << geometry.l2Bits(); i++) {
            long entry = l2Word(offset, (long) i * geometry.entryWords());
            boolean compressed = Entries.compressed(entry);
            if (compressed && (entry & Entries.COPIED) != 0) {
                corruptions.add(
                        "L2 entry %x (hex) at disk position %d is compressed and marked as used once",
                        entry, at(position, i));
            } else if (!compressed && (entry & Entries.OFFSET) != 0) {
                requireCopied(entry, entry & Entries.OFFSET, "L2 entry of disk position", at(position, i));
            }
            long bitmap = geometry.extended() ? l2Word(offset, 2L * i + 1) : 0;
            allocatedBytes += allocated(entry, bitmap, at(position, i));
        }
    }

    private long at(long position, int entry) {
        return position + ((long) entry << geometry.clusterBits());
    }

    private void requireCopied(long entry, long offset, String what, long where) {
        boolean once = refcounts.refcount(offset >>> geometry.clusterBits()) == 1;
        if (once != ((entry & Entries.COPIED) != 0)) {
            corruptions.add("%s %d is %x (hex): the mark for a refcount of one is wrong", what, where, entry);
        }
    }

    private long allocated(long entry, long bitmap, long position) {
        long present = Math.max(0, Math.min(geometry.clusterSize(), header.size() - position));
        if (Entries.compressed(entry)) {
            return present;
        }
        if (geometry.extended()) {
            return Math.min(present, (long) Integer.bitCount((int) bitmap) * geometry.unitSize());
        }
        return (entry & Entries.OFFSET) != 0 && (entry & Entries.ZERO) == 0 ? present : 0;
    }

    // References of one window.

    private void countAll() {
        references.add(0, geometry.clusterSize(), 1);
        countRefcounts();
        countL1(header.l1Offset(), header.l1Entries(), "active");
        guarded(this::countSnapshots);
        guarded(this::countBitmaps);
        l2Tables.forEach(this::countL2);
    }

    /** A broken list ends the walk along it, not the check. */
    private void guarded(Runnable walk) {
        try {
            walk.run();
        } catch (SnapshotException e) {
            if (e.kind() != SnapshotException.Kind.CORRUPT) {
                throw e;
            }
            fault("%s", String.valueOf(e.getMessage()));
        }
    }

    private void countRefcounts() {
        if (refcounts.tableEntries() > 0) {
            references.add(header.refcountTableOffset(), refcounts.tableEntries() * Long.BYTES, 1);
        }
        for (long i = 0; i < refcounts.tableEntries(); i++) {
            long block = refcounts.tableEntry(i);
            if (block != 0 && refcounts.blockSound(block)) {
                references.add(block, geometry.clusterSize(), 1);
            } else if (block != 0) {
                fault("refcount table entry %d is %x (hex): unaligned or outside the file", i, block);
            }
        }
    }

    private void countSnapshots() {
        SnapshotTable snapshots = new SnapshotTable(image, header);
        long l1Bytes = 0;
        for (int i = 0; i < header.snapshots(); i++) {
            cancellation.check();
            SnapshotTable.Entry snapshot = snapshots.next();
            l1Bytes += Integer.toUnsignedLong(snapshot.l1Entries()) * Long.BYTES;
            if (l1Bytes > image.size()) {
                throw SnapshotException.corrupt("the snapshots' L1 tables exceed the file");
            }
            countL1(snapshot.l1Offset(), snapshot.l1Entries(), "snapshot " + i);
        }
        if (header.snapshots() > 0) {
            references.add(header.snapshotsOffset(), snapshots.length(), 1);
        }
    }

    private void countL1(long offset, int entries, String whose) {
        long bytes = Integer.toUnsignedLong(entries) * Long.BYTES;
        if (bytes == 0) {
            return;
        }
        if (bytes > Geometry.LARGEST_L1 || !within(offset, bytes)) {
            fault("the L1 table of %s at %d is unaligned, too large or outside the file", whose, offset);
            return;
        }
        references.add(offset, bytes, 1);
        if (firstWindow) {
            for (long i = 0; i < entries; i++) {
                collectL2(l1Entry(offset, entries, i), i, whose);
            }
        }
    }

    private void collectL2(long entry, long index, String whose) {
        if (entry == 0) {
            return;
        }
        if (l2Sound(entry)) {
            l2Tables.add(entry & Entries.OFFSET);
        } else {
            fault("L1 entry %d of %s is %x (hex): no aligned L2 table within the file", index, whose, entry);
        }
    }

    private void countL2(long offset, int times) {
        cancellation.check();
        references.add(offset, geometry.clusterSize(), times);
        for (int i = 0; i < 1 << geometry.l2Bits(); i++) {
            long entry = l2Word(offset, (long) i * geometry.entryWords());
            if (Entries.compressed(entry)) {
                countCompressed(entry, offset, i, times);
            } else {
                countStandard(entry, offset, i, times);
            }
        }
    }

    private void countCompressed(long entry, long table, int index, int times) {
        long start = Entries.compressedOffset(entry, geometry);
        if (start < geometry.clusterSize() || start >= image.size()) {
            fault("L2 entry %d of the table at %d is %x (hex): compressed data outside the file", index, table, entry);
            return;
        }
        references.add(start, Entries.compressedLength(entry, geometry), times);
    }

    private void countStandard(long entry, long table, int index, int times) {
        long bitmap = geometry.extended() ? l2Word(table, 2L * index + 1) : 0;
        long offset = entry & Entries.OFFSET;
        boolean zero = (entry & Entries.ZERO) != 0;
        if ((entry & Entries.L2_RESERVED) != 0 || (zero && (header.version() < 3 || geometry.extended()))) {
            fault("L2 entry %d of the table at %d is %x (hex): reserved bits are set", index, table, entry);
        }
        if ((bitmap & bitmap >>> 32) != 0 || (offset == 0 && (int) bitmap != 0)) {
            fault("L2 entry %d of the table at %d has an impossible subcluster bitmap %x (hex)", index, table, bitmap);
        }
        if (offset == 0) {
            return;
        }
        if (within(offset, 1)) {
            references.add(offset, geometry.clusterSize(), times);
        } else {
            fault("L2 entry %d of the table at %d is %x (hex): unaligned or outside the file", index, table, entry);
        }
    }

    private void countBitmaps() {
        if (header.bitmaps().isEmpty()) {
            return;
        }
        Qcow2Header.Bitmaps bitmaps = header.bitmaps().get();
        BitmapDirectory directory = new BitmapDirectory(image, bitmaps, geometry);
        references.add(bitmaps.directoryOffset(), bitmaps.directorySize(), 1);
        long tableBytes = 0;
        for (int i = 0; i < bitmaps.count(); i++) {
            cancellation.check();
            BitmapDirectory.Entry bitmap = directory.next();
            tableBytes += Integer.toUnsignedLong(bitmap.tableEntries()) * Long.BYTES;
            if (tableBytes > image.size()) {
                throw SnapshotException.corrupt("the bitmaps' tables exceed the file");
            }
            countBitmap(bitmap);
        }
    }

    private void countBitmap(BitmapDirectory.Entry bitmap) {
        long bytes = Integer.toUnsignedLong(bitmap.tableEntries()) * Long.BYTES;
        if (bytes == 0) {
            return;
        }
        if (!within(bitmap.tableOffset(), bytes)) {
            fault(
                    "the table of bitmap '%s' at %d is unaligned or outside the file",
                    bitmap.name(), bitmap.tableOffset());
            return;
        }
        references.add(bitmap.tableOffset(), bytes, 1);
        for (long i = 0; i < bytes / Long.BYTES; i++) {
            long offset = l1Entry(bitmap.tableOffset(), bytes / Long.BYTES, i) & Entries.OFFSET;
            if (offset != 0 && within(offset, 1)) {
                references.add(offset, geometry.clusterSize(), 1);
            } else if (offset != 0) {
                fault("entry %d of bitmap '%s' is unaligned or outside the file", i, bitmap.name());
            }
        }
    }

    private void compare(long window) {
        long end = Math.min(fileClusters, window + references.window());
        for (long cluster = window; cluster < end; cluster++) {
            long stored = refcounts.refcount(cluster);
            int counted = references.of(cluster);
            if (stored == counted || (counted == Integer.MAX_VALUE && Long.compareUnsigned(stored, counted) > 0)) {
                continue;
            }
            if (Long.compareUnsigned(stored, counted) < 0) {
                corruptions.add("host cluster %d has refcount %d and %d references", cluster, stored, counted);
            } else {
                leaks.add(
                        "host cluster %d has refcount %s and %d references",
                        cluster, Long.toUnsignedString(stored), counted);
            }
        }
    }

    private boolean within(long offset, long length) {
        return offset >= geometry.clusterSize() && geometry.aligned(offset) && offset <= image.size() - length;
    }

    private boolean l2Sound(long entry) {
        return (entry & Entries.L1_RESERVED) == 0 && within(entry & Entries.OFFSET, geometry.clusterSize());
    }

    /** An entry of an L1 table or of any other table that is contiguous in the file. */
    private long l1Entry(long offset, long entries, long index) {
        return l1Words.word(offset, entries, index);
    }

    private long l2Word(long offset, long index) {
        return l2Words.word(offset, geometry.clusterSize() / Long.BYTES, index);
    }
}
