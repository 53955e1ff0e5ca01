package io.stillframe.image.vmdk;

import io.stillframe.model.Compression;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.contract.ImageCodecContract;
import java.util.List;

class VmdkCodecTest extends ImageCodecContract {
    @Override
    protected ImageCodec codec() {
        return new VmdkCodec();
    }

    @Override
    protected List<ImageSpec> specs(long virtualSize) {
        ImageSpec plain = ImageSpec.ofSize(virtualSize);
        return List.of(
                plain,
                plain.withCompression(Compression.parse("zlib:6")).withClusterSize(64 << 10),
                plain.withCompression(Compression.parse("none")));
    }
}
