package io.stillframe.image;

import io.stillframe.spi.ByteSink;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Passes an image's body on to the target, counting it and, if that is wanted, summing it. */
final class CountedBody implements ByteSink {
    private final StreamTarget target;
    private final Optional<Crc32c> checksum;
    private long length;

    CountedBody(StreamTarget target, Optional<Crc32c> checksum) {
        this.target = target;
        this.checksum = checksum;
    }

    @Override
    public void write(ByteBuffer source) {
        length += source.remaining();
        checksum.ifPresent(sum -> sum.update(source.duplicate()));
        target.body(source);
    }

    @Override
    public void writeZeros(long count) {
        length += count;
        checksum.ifPresent(sum -> sum.updateZeros(count));
        target.bodyZeros(count);
    }

    long length() {
        return length;
    }
}
