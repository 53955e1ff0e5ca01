package io.stillframe.image.qcow2;

import io.stillframe.model.Compression;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.contract.ImageCodecContract;
import java.util.List;

class Qcow2CodecTest extends ImageCodecContract {
    @Override
    protected ImageCodec codec() {
        return new Qcow2Codec();
    }

    @Override
    protected List<ImageSpec> specs(long virtualSize) {
        ImageSpec plain = ImageSpec.ofSize(virtualSize);
        return List.of(
                plain,
                plain.withCompression(Compression.parse("zlib:6")).withClusterSize(64 << 10),
                plain.withCompression(Compression.parse("zstd:-3")).withClusterSize(512),
                plain.withCompression(Compression.parse("zlib")).withClusterSize(2 << 20),
                plain.withCompression(Compression.parse("none")));
    }
}
