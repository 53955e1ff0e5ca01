package io.stillframe.image.stream;

import io.stillframe.model.Compression;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.contract.ImageCodecContract;
import java.util.List;

class XzCodecTest extends ImageCodecContract {
    @Override
    protected ImageCodec codec() {
        return new XzCodec();
    }

    @Override
    protected List<ImageSpec> specs(long virtualSize) {
        ImageSpec plain = ImageSpec.ofSize(virtualSize);
        // The quick one first: the tests that need only one take that.
        return List.of(
                plain.withCompression(Compression.of("xz", 0)).withClusterSize(64 << 10),
                plain.withCompression(Compression.of("xz", 1)).withClusterSize(2 << 20),
                plain);
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
