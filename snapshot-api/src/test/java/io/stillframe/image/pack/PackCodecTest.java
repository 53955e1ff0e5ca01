package io.stillframe.image.pack;

import io.stillframe.model.Compression;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.contract.ImageCodecContract;
import java.util.List;

class PackCodecTest extends ImageCodecContract {
    @Override
    protected ImageCodec codec() {
        return new PackCodec();
    }

    @Override
    protected List<ImageSpec> specs(long virtualSize) {
        ImageSpec plain = ImageSpec.ofSize(virtualSize);
        return List.of(
                plain,
                plain.withCompression(Compression.of("zstd", 7)).withClusterSize(64 << 10),
                plain.withCompression(Compression.of("zstd", -3)).withClusterSize(4 << 20));
    }

    @Override
    protected boolean detectsEveryFlippedBit() {
        return true;
    }
}
