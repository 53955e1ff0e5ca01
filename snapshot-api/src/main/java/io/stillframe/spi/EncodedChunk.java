package io.stillframe.spi;

import java.nio.ByteBuffer;

/**
 * A chunk's stored bytes between {@link ChunkEncoder#encode} and {@link ImageWriter#append}. A codec's own subtype may carry more,
 * such as where each cluster begins.
 */
public interface EncodedChunk {
    /** Where the chunk lies on the virtual disk, a multiple of the chunk size. */
    long position();

    /** Bytes of disk in it: the chunk size, or less for the disk's last chunk. */
    int rawLength();

    /** The stored bytes, in one of the buffers that the caller gave to {@code encode}; read once. */
    ByteBuffer bytes();
}
