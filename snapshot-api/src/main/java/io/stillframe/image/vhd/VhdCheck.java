package io.stillframe.image.vhd;

import io.stillframe.internal.image.Findings;
import io.stillframe.internal.image.MappedRun;
import io.stillframe.internal.image.Occupancy;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCheck;

/** Checks the structures of one image. For one use. */
final class VhdCheck {
    private static final int SECTOR = DynamicHeader.SECTOR;

    private final ByteSource image;
    private final VhdHeaders headers;
    private final Cancellation cancellation;
    private final Findings corruptions = new Findings();
    private final Findings leaks = new Findings();

    VhdCheck(ByteSource image, VhdHeaders headers, Cancellation cancellation) {
        this.image = image;
        this.headers = headers;
        this.cancellation = cancellation;
    }

    ImageCheck run() {
        cancellation.check();
        long allocated =
                headers.dynamic().isPresent() ? checkDynamic(headers.dynamic().get()) : checkFixed();
        return new ImageCheck(corruptions.texts(), leaks.texts(), allocated);
    }

    private long checkFixed() {
        long size = headers.footer().size();
        long behind =
                image.size() - Footer.LENGTH - Math.max(size, headers.footer().currentSize());
        if (behind >= SECTOR) {
            leaks.add("%d bytes between the fixed disk and its footer are not used", behind);
        }
        return size;
    }

    private long checkDynamic(DynamicHeader header) {
        if (headers.place() == VhdHeaders.Place.COPY) {
            corruptions.add("the footer at the file's end is missing or broken; its copy in front is used");
        } else if (!Footer.isFooter(VhdHeaders.copy(image))) {
            corruptions.add("the footer's copy in front of the disk is missing or broken");
        } else if (!sameAsCopy()) {
            corruptions.add("the footer and its copy in front of the disk differ");
        }
        DynamicMap map = VhdCodec.map(image, header);
        long blocks = 0;
        for (long window = 0; window * SECTOR < image.size(); window += Occupancy.WINDOW) {
            blocks = checkBlocks(header, map, window);
        }
        long unit = header.bitmapBytes() + (1L << header.blockBits());
        long structures = header.tableOffset() + header.entries() * Integer.BYTES + Footer.LENGTH;
        long unused = image.size() - structures - blocks * (unit + 4096);
        if (unused >= unit) {
            leaks.add("at least %d bytes of the file are not used", unused);
        }
        return allocated(map, header);
    }

    private boolean sameAsCopy() {
        try {
            return Footer.read(VhdHeaders.copy(image)).equals(headers.footer());
        } catch (SnapshotException e) {
            return false;
        }
    }

    /** Looks for overlaps within a window of the file and, in the first one, for blocks outside of the file. Returns the blocks. */
    private long checkBlocks(DynamicHeader header, DynamicMap map, long window) {
        Occupancy occupancy = new Occupancy();
        occupancy.moveTo(window);
        occupancy.take(0, 1);
        take(occupancy, headers.footer().dataOffset(), DynamicHeader.LENGTH);
        take(occupancy, header.tableOffset(), headers.blocks() * Integer.BYTES);
        take(occupancy, image.size() - Footer.LENGTH, headers.place() == VhdHeaders.Place.COPY ? 0 : Footer.LENGTH);
        long unit = header.bitmapBytes() + (1L << header.blockBits());
        long found = 0;
        for (long block = 0; block < headers.blocks(); block++) {
            if (block % 1024 == 0) {
                cancellation.check();
            }
            long place = place(map, block, window == 0);
            if (place < 0) {
                continue;
            }
            found++;
            if (place > image.size() - unit) {
                if (window == 0) {
                    corruptions.add("block %d at %d exceeds the file of %d bytes", block, place, image.size());
                }
            } else if (!take(occupancy, place, unit)) {
                corruptions.add("block %d at %d overlaps another structure of the file", block, place);
            }
        }
        return found;
    }

    private long place(DynamicMap map, long block, boolean tell) {
        try {
            return map.place(block);
        } catch (SnapshotException e) {
            if (tell) {
                corruptions.add("%s", String.valueOf(e.getMessage()));
            }
            return DynamicMap.UNUSED;
        }
    }

    private static boolean take(Occupancy occupancy, long offset, long length) {
        long first = offset / SECTOR;
        return occupancy.take(first, (offset + length + SECTOR - 1) / SECTOR - first);
    }

    private long allocated(DynamicMap map, DynamicHeader header) {
        long allocated = 0;
        long size = headers.footer().size();
        for (long at = 0; at < size; ) {
            long end = Math.min(size, ((at >>> header.blockBits()) + 1) << header.blockBits());
            if (at % (1L << header.blockBits()) == 0) {
                cancellation.check();
            }
            if (place(map, at >>> header.blockBits(), false) < 0) {
                at = end;
            } else {
                MappedRun run = map.at(at, end);
                allocated += run.kind() == Extent.Kind.DATA ? run.length() : 0;
                at = run.end();
            }
        }
        return allocated;
    }
}
