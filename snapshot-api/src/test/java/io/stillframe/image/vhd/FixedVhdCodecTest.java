package io.stillframe.image.vhd;

import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.contract.ImageCodecContract;
import java.util.List;

class FixedVhdCodecTest extends ImageCodecContract {
    @Override
    protected ImageCodec codec() {
        return new FixedVhdCodec();
    }

    @Override
    protected List<ImageSpec> specs(long virtualSize) {
        ImageSpec plain = ImageSpec.ofSize(virtualSize);
        return List.of(plain, plain.withClusterSize(1 << 20));
    }

    /** It is at the end. */
    @Override
    protected boolean hasSignature() {
        return false;
    }
}
