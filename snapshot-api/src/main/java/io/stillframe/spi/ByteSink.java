package io.stillframe.spi;

import java.nio.ByteBuffer;

/** Takes a stream of bytes in order. For one thread at a time. */
@FunctionalInterface
public interface ByteSink {
    /**
     * Takes all remaining bytes of {@code source} before it returns; the caller may reuse the buffer at once. May block for
     * back-pressure.
     *
     * @throws io.stillframe.model.SnapshotException if the bytes cannot be taken; the stream is then broken for good
     */
    void write(ByteBuffer source);
}
