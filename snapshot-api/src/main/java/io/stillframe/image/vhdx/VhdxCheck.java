package io.stillframe.image.vhdx;

import io.stillframe.internal.image.Findings;
import io.stillframe.internal.image.Occupancy;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCheck;
import java.util.List;

/** Checks the structures of one image. For one use. */
final class VhdxCheck {
    private static final long MIB = Structures.MIB;

    private final VhdxImage image;
    private final Metadata metadata;
    private final PayloadMap map;
    private final Cancellation cancellation;
    private final Findings corruptions = new Findings();
    private long allocated;

    VhdxCheck(VhdxImage image, PayloadMap map, Cancellation cancellation) {
        this.image = image;
        this.metadata = image.metadata();
        this.map = map;
        this.cancellation = cancellation;
    }

    ImageCheck run() {
        cancellation.check();
        for (long at : Structures.REGION_TABLES) {
            if (!Structures.isIntact(Structures.read(image.bytes(), at, Regions.LENGTH), Regions.SIGNATURE)) {
                corruptions.add("the region table at %d is broken; the other one is used", at);
            }
        }
        for (long window = 0; window * MIB < image.bytes().size(); window += Occupancy.WINDOW) {
            checkFile(window);
        }
        return new ImageCheck(corruptions.texts(), List.of(), allocated);
    }

    private void checkFile(long window) {
        boolean first = window == 0;
        Occupancy occupancy = new Occupancy();
        occupancy.moveTo(window);
        occupancy.take(0, 1);
        checkRegion(
                occupancy, "the log", image.header().logOffset(), image.header().logLength());
        Regions.Region table = image.regions().table();
        checkRegion(occupancy, "the block allocation table", table.offset(), table.length());
        Regions.Region region = image.regions().metadata();
        checkRegion(occupancy, "the metadata region", region.offset(), region.length());
        for (long block = 0; block < metadata.blocks(); block++) {
            if (block % 1024 == 0) {
                cancellation.check();
            }
            long entry = map.entry(block);
            if (first) {
                count(block, entry);
            }
            if (PayloadMap.state(entry) == PayloadMap.FULLY_PRESENT) {
                checkPlace(occupancy, block, PayloadMap.offset(entry), first);
            }
        }
    }

    private void checkRegion(Occupancy occupancy, String what, long offset, long length) {
        if (offset < 0 || !occupancy.take(offset / MIB, (length + MIB - 1) / MIB)) {
            corruptions.add("%s at %s overlaps another structure of the file", what, Long.toUnsignedString(offset));
        }
    }

    private void count(long block, long entry) {
        int state = PayloadMap.state(entry);
        if (state == 4 || state == 7 || PayloadMap.hasReservedBits(entry)) {
            corruptions.add("the entry of block %d is %x (hex): no valid state or reserved bits are set", block, entry);
        }
        if (state == PayloadMap.FULLY_PRESENT) {
            allocated += Math.min(metadata.blockSize(), metadata.size() - block * metadata.blockSize());
        }
    }

    private void checkPlace(Occupancy occupancy, long block, long offset, boolean first) {
        ByteSource bytes = image.bytes();
        if (offset < MIB || offset > bytes.size() - metadata.blockSize()) {
            if (first) {
                corruptions.add(
                        "block %d at %s exceeds the file of %d bytes",
                        block, Long.toUnsignedString(offset), bytes.size());
            }
        } else if (!occupancy.take(offset / MIB, metadata.blockSize() / MIB)) {
            corruptions.add("block %d at %d overlaps another structure of the file", block, offset);
        }
    }
}
