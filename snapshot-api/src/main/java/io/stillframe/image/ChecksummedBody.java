package io.stillframe.image;

import io.stillframe.spi.ByteSink;
import java.nio.ByteBuffer;

/** Passes an image's body on to the target, counting and summing it. */
final class ChecksummedBody implements ByteSink {
    private final StreamTarget target;
    private final Crc32c checksum = new Crc32c();

    ChecksummedBody(StreamTarget target) {
        this.target = target;
    }

    @Override
    public void write(ByteBuffer source) {
        checksum.update(source.duplicate());
        target.body(source);
    }

    @Override
    public void writeZeros(long count) {
        checksum.updateZeros(count);
        target.bodyZeros(count);
    }

    long length() {
        return checksum.length();
    }

    int checksum() {
        return checksum.value();
    }
}
