package io.stillframe.image.stream;

import io.stillframe.model.Compression;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.contract.ImageCodecContract;
import java.util.List;

class XzCodecTest extends ImageCodecContract {
    /** Two blocks of the default size. */
    private static final long WITH_LARGE_BLOCKS = (1 << 20) + 1;

    private static final long SMALL = 65537;

    @Override
    protected ImageCodec codec() {
        return new XzCodec();
    }

    @Override
    protected List<ImageSpec> specs(long virtualSize) {
        ImageSpec plain = ImageSpec.ofSize(virtualSize);
        // The quick one first: the tests that need only one take that.
        ImageSpec quick = plain.withCompression(Compression.of("xz", 0)).withClusterSize(64 << 10);
        ImageSpec defaultLevel = plain.withClusterSize(128 << 10);
        // A megabyte at the default level takes a second, and large blocks are decompressed again for every small read.
        return virtualSize > SMALL && virtualSize != WITH_LARGE_BLOCKS
                ? List.of(quick, defaultLevel)
                : List.of(quick, plain.withCompression(Compression.of("xz", 1)).withClusterSize(2 << 20), plain);
    }

    /** The largest of the others have no more kinds of blocks. */
    @Override
    protected List<Long> sizes() {
        return super.sizes().stream().filter(size -> size < 4 << 20).toList();
    }

    @Override
    protected int damagedImages() {
        return 100;
    }

    @Override
    protected boolean detectsEveryFlippedBit() {
        return true;
    }
}
