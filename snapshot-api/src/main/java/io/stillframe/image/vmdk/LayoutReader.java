package io.stillframe.image.vmdk;

import static io.stillframe.model.SnapshotException.corrupt;
import static io.stillframe.model.SnapshotException.unsupported;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/** Reads and checks an image's header, descriptor and footer. For one use. */
final class LayoutReader {
    /** 4 KiB: the format wants more than 8 sectors, other writers take 8. */
    static final int FEWEST_GRAIN_BITS = 12;

    /** 2 MiB. All known writers take 64 KiB. */
    static final int MOST_GRAIN_BITS = 21;

    /** Entries of a grain directory: what QEMU reads. Disks of 1 PiB with grains of 64 KiB. */
    static final int MOST_TABLES = 1 << 25;

    /** "COWD", read as little endian: a sparse file of an ESX host. */
    private static final int MAGIC_COWD = 0x44574f43;

    private static final byte[] FIRST_LINE = Descriptor.FIRST_LINE.getBytes(StandardCharsets.US_ASCII);

    /** Footer marker, footer, end-of-stream marker. */
    private static final int FOOTER_SECTORS = 3;

    private final ByteSource image;

    private LayoutReader(ByteSource image) {
        this.image = image;
    }

    /** @throws SnapshotException CORRUPT if the image breaks its format; UNSUPPORTED if it needs what is not supported */
    static VmdkLayout read(ByteSource image) {
        return new LayoutReader(image).read();
    }

    /** Whether a file that starts so is a VMDK of any kind, also one that is not supported. */
    static boolean recognises(ByteBuffer head) {
        if (head.remaining() < FIRST_LINE.length) {
            return false;
        }
        int magic = SparseHeader.magic(head.slice());
        return magic == SparseHeader.MAGIC || magic == MAGIC_COWD || startsWithText(head.slice());
    }

    private static boolean startsWithText(ByteBuffer head) {
        for (int i = 0; i < FIRST_LINE.length; i++) {
            if (head.limit() <= i || Character.toLowerCase(head.get(i)) != Character.toLowerCase(FIRST_LINE[i])) {
                return false;
            }
        }
        return true;
    }

    private VmdkLayout read() {
        ByteBuffer sector = read(0, (int) Math.min(image.size(), SparseHeader.LENGTH));
        requireKind(sector);
        SparseHeader first = checked(sector, "header");
        Descriptor descriptor = descriptor(first);
        SparseHeader header = first.directory() == SparseHeader.DIRECTORY_AT_END ? footer(first) : first;
        int grainBits = grainBits(header);
        int entries = directoryEntries(header, grainBits);
        long dataStart = Math.max(Sectors.SIZE, end(first.descriptorOffset(), first.descriptorSize()));
        long directory = directory(header, entries, dataStart);
        requireRedundant(header, entries, dataStart);
        return new VmdkLayout(header, descriptor, size(header, descriptor), grainBits, directory, entries, dataStart);
    }

    private ByteBuffer read(long position, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        image.read(position, bytes);
        return bytes.flip();
    }

    private void requireKind(ByteBuffer sector) {
        if (startsWithText(sector)) {
            int length = (int) Math.min(image.size(), Descriptor.LONGEST);
            throw Descriptor.otherKind(
                    Descriptor.createType(read(0, length).array(), image.describe()), image.describe());
        }
        int magic = sector.limit() < Integer.BYTES ? 0 : SparseHeader.magic(sector);
        if (magic == MAGIC_COWD) {
            throw Descriptor.otherKind("vmfsSparse", image.describe());
        }
        if (magic != SparseHeader.MAGIC) {
            throw corrupt(image.describe() + " is no vmdk image: it does not start with the format's magic");
        }
        if (sector.limit() < SparseHeader.LENGTH) {
            throw corrupt(
                    image.describe() + " has " + image.size() + " bytes; a vmdk header has " + SparseHeader.LENGTH);
        }
    }

    private SparseHeader checked(ByteBuffer sector, String what) {
        SparseHeader header = SparseHeader.of(sector);
        if (header.version() < 1 || header.version() > 3) {
            throw unsupported(image.describe() + " has vmdk version " + Integer.toUnsignedString(header.version())
                    + " in its " + what + "; 1 to 3 are supported");
        }
        if ((header.flags() & ~SparseHeader.FLAGS_KNOWN) != 0) {
            throw unsupported(image.describe() + " has flags " + Integer.toHexString(header.flags()) + " (hex) in its "
                    + what + ", of which some are not known");
        }
        if (header.has(SparseHeader.FLAG_NEWLINES) && !SparseHeader.newlinesIntact(sector)) {
            throw corrupt(image.describe() + " was damaged by a transfer as text: the line ends in its " + what
                    + " were changed; transfer it again in binary mode");
        }
        requireCompression(header);
        if (header.tableEntries() != SparseHeader.TABLE_ENTRIES) {
            throw unsupported(
                    image.describe() + " has grain tables of " + Integer.toUnsignedString(header.tableEntries())
                            + " entries; " + SparseHeader.TABLE_ENTRIES + " are supported");
        }
        return header;
    }

    private void requireCompression(SparseHeader header) {
        if (header.compression() > SparseHeader.COMPRESSION_DEFLATE) {
            throw unsupported(image.describe() + " has compression " + header.compression()
                    + "; 0 (none) and 1 (deflate) are supported");
        }
        if (header.compressed() != header.has(SparseHeader.FLAG_COMPRESSED)) {
            throw corrupt(image.describe() + " has compression " + header.compression() + " while its flag is "
                    + (header.compressed() ? "not set" : "set"));
        }
        if (header.compressed() != header.has(SparseHeader.FLAG_MARKERS)) {
            throw unsupported(image.describe() + " has " + (header.compressed() ? "compressed" : "plain") + " grains "
                    + (header.compressed() ? "without" : "with") + " markers; only compressed grains can have them, and"
                    + " must");
        }
    }

    private Descriptor descriptor(SparseHeader header) {
        long sectors = header.descriptorSize();
        if (header.descriptorOffset() == 0 || sectors == 0) {
            throw noDescriptor();
        }
        if (sectors < 0 || sectors > Sectors.of(Descriptor.LONGEST)) {
            throw corrupt(image.describe() + " has a descriptor of " + Long.toUnsignedString(sectors)
                    + " sectors; at most " + Sectors.of(Descriptor.LONGEST) + " are allowed");
        }
        if (!inFile(header.descriptorOffset(), sectors, 1)) {
            throw corrupt(image.describe() + " has its descriptor at sector "
                    + Long.toUnsignedString(header.descriptorOffset()) + ", which exceeds the file of " + image.size()
                    + " bytes");
        }
        ByteBuffer text = read(Sectors.bytes(header.descriptorOffset()), (int) Sectors.bytes(sectors));
        if (text.get(0) == 0) {
            throw noDescriptor();
        }
        byte[] area = new byte[text.remaining()];
        text.get(area);
        return Descriptor.of(area, image.describe());
    }

    private SnapshotException noDescriptor() {
        return unsupported(
                image.describe() + " has no descriptor of its own: it is one part of a disk that is split over"
                        + " several files, which are never followed; convert it to one file with the tools that made it");
    }

    /** The footer counts, and says the same as the header but for the directory's place ("Stream-Optimized Compressed Sparse Extents"). */
    private SparseHeader footer(SparseHeader header) {
        long start = Sectors.bytes((image.size() >>> Sectors.BITS) - FOOTER_SECTORS);
        if (start < Sectors.SIZE) {
            throw corrupt(
                    image.describe() + " has " + image.size() + " bytes, too few for the footer that its header names");
        }
        ByteBuffer end = read(start, FOOTER_SECTORS * Sectors.SIZE);
        ByteBuffer sector = end.slice(Sectors.SIZE, SparseHeader.LENGTH);
        if (!Marker.isMetadata(end, 0, Marker.FOOTER)
                || SparseHeader.magic(sector) != SparseHeader.MAGIC
                || !Marker.isMetadata(end, 2 * Sectors.SIZE, Marker.END_OF_STREAM)
                || Marker.value(end, 2 * Sectors.SIZE) != 0) {
            throw corrupt(image.describe() + " does not end with the footer that its header names; it was truncated");
        }
        SparseHeader footer = checked(sector, "footer");
        if (footer.capacity() != header.capacity()
                || footer.grainSize() != header.grainSize()
                || footer.compression() != header.compression()
                || footer.directory() == SparseHeader.DIRECTORY_AT_END) {
            throw corrupt(image.describe() + " has a footer that contradicts its header");
        }
        return footer;
    }

    private int grainBits(SparseHeader header) {
        long grain = header.grainSize();
        if (Long.bitCount(grain) != 1) {
            throw corrupt(image.describe() + " has grains of " + Long.toUnsignedString(grain)
                    + " sectors, which is no power of two");
        }
        int bits = Long.numberOfTrailingZeros(grain) + Sectors.BITS;
        if (bits < FEWEST_GRAIN_BITS || bits > MOST_GRAIN_BITS) {
            throw unsupported(image.describe() + " has grains of " + Long.toUnsignedString(grain) + " sectors; "
                    + (1 << (FEWEST_GRAIN_BITS - Sectors.BITS)) + " to " + (1 << (MOST_GRAIN_BITS - Sectors.BITS))
                    + " are supported");
        }
        return bits;
    }

    private int directoryEntries(SparseHeader header, int grainBits) {
        long tableSectors = header.grainSize() * SparseHeader.TABLE_ENTRIES;
        if (header.capacity() < 0 || header.capacity() > tableSectors * MOST_TABLES) {
            throw unsupported(image.describe() + " has a capacity of " + Long.toUnsignedString(header.capacity())
                    + " sectors; with grains of " + (1 << grainBits) + " bytes at most " + tableSectors * MOST_TABLES
                    + " are supported");
        }
        return (int) ((header.capacity() + tableSectors - 1) / tableSectors);
    }

    private long directory(SparseHeader header, int entries, long dataStart) {
        if (entries > 0
                && !inFile(header.directory(), Sectors.of((long) entries * Integer.BYTES), Sectors.of(dataStart))) {
            throw corrupt(image.describe() + " has its grain directory of " + entries + " entries at sector "
                    + Long.toUnsignedString(header.directory()) + ", which is not within the file of " + image.size()
                    + " bytes behind its descriptor");
        }
        return entries == 0 ? 0 : Sectors.bytes(header.directory());
    }

    /** It is not needed for reading; where it lies is checked here, what it says by a check of the image. */
    private void requireRedundant(SparseHeader header, int entries, long dataStart) {
        boolean there = header.has(SparseHeader.FLAG_REDUNDANT) && entries > 0;
        if (there
                && !inFile(
                        header.redundantDirectory(),
                        Sectors.of((long) entries * Integer.BYTES),
                        Sectors.of(dataStart))) {
            throw corrupt(image.describe() + " has its redundant grain directory at sector "
                    + Long.toUnsignedString(header.redundantDirectory()) + ", which is not within the file");
        }
    }

    private boolean inFile(long sector, long sectors, long first) {
        long all = image.size() >>> Sectors.BITS;
        return sector >= first && sectors <= all && sector <= all - sectors;
    }

    private static long end(long sector, long sectors) {
        return Sectors.bytes(sector + sectors);
    }

    private long size(SparseHeader header, Descriptor descriptor) {
        long capacity = header.capacity();
        long extent = descriptor.extentSectors();
        if (extent > capacity || capacity - extent >= header.grainSize()) {
            throw corrupt(image.describe() + " has a capacity of " + capacity
                    + " sectors in its header and an extent of " + extent + " in its descriptor");
        }
        long size = Sectors.bytes(extent); // Some writers round the capacity up to whole grains.
        OptionalLong exact = descriptor.exactSize();
        return exact.isPresent() && WrittenSize.sectors(exact.getAsLong()) == extent ? exact.getAsLong() : size;
    }
}
