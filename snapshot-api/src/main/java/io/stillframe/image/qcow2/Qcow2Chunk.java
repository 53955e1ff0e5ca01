package io.stillframe.image.qcow2;

import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;

/**
 * A chunk's clusters, one behind the other in {@code bytes}.
 *
 * @param position where it lies on the disk
 * @param rawLength bytes of disk in it
 * @param bytes stored bytes of all clusters
 * @param sizes for each cluster: {@link #ZERO}, {@link #PLAIN} (a whole cluster as it is), or the bytes of its compressed form; owned by
 *     this object
 */
record Qcow2Chunk(long position, int rawLength, ByteBuffer bytes, int[] sizes) implements EncodedChunk {
    /** All bytes are zero; nothing is stored. */
    static final int ZERO = 0;

    /** Stored uncompressed. */
    static final int PLAIN = -1;
}
