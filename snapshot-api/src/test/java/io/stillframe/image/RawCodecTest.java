package io.stillframe.image;

import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.contract.ImageCodecContract;

class RawCodecTest extends ImageCodecContract {
    @Override
    protected ImageCodec codec() {
        return new RawCodec();
    }

    @Override
    protected boolean hasSignature() {
        return false;
    }

    @Override
    protected boolean acceptsAnyBytes() {
        return true;
    }
}
