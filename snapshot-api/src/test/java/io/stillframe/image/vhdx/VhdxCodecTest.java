package io.stillframe.image.vhdx;

import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.contract.ImageCodecContract;
import java.util.List;

class VhdxCodecTest extends ImageCodecContract {
    @Override
    protected ImageCodec codec() {
        return new VhdxCodec();
    }

    @Override
    protected List<ImageSpec> specs(long virtualSize) {
        ImageSpec plain = ImageSpec.ofSize(virtualSize);
        return List.of(plain, plain.withClusterSize(1 << 20));
    }
}
