package io.stillframe.image.qcow2;

import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;

/** A chunk's clusters, one behind the other in its bytes. */
final class Qcow2Chunk implements EncodedChunk {
    /** In place of a size: all bytes are zero; nothing is stored. */
    static final int ZERO = 0;

    /** In place of a size: a whole cluster, stored as it is. */
    static final int PLAIN = -1;

    private final long position;
    private final int rawLength;
    private final ByteBuffer bytes;
    private final int[] sizes;

    /**
     * @param bytes stored bytes of all clusters
     * @param sizes for each cluster {@link #ZERO}, {@link #PLAIN} or the bytes of its compressed form; not copied
     */
    Qcow2Chunk(long position, int rawLength, ByteBuffer bytes, int[] sizes) {
        this.position = position;
        this.rawLength = rawLength;
        this.bytes = bytes;
        this.sizes = sizes;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public int rawLength() {
        return rawLength;
    }

    @Override
    public ByteBuffer bytes() {
        return bytes;
    }

    int clusters() {
        return sizes.length;
    }

    /** {@link #ZERO}, {@link #PLAIN} or the compressed bytes of a cluster. */
    int size(int cluster) {
        return sizes[cluster];
    }
}
