package io.stillframe.image.qcow2;

import io.stillframe.image.ZeroTest;
import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;

/** Compresses a chunk cluster by cluster. */
final class Qcow2Encoder implements ChunkEncoder {
    private final int clusterSize;
    private final ClusterCompressor compressor;
    private final DirectMemory memory = new DirectMemory();
    private final ByteBuffer last;

    Qcow2Encoder(WriterOptions options) {
        clusterSize = options.clusterSize();
        compressor = ClusterCompressor.of(options);
        last = memory.allocate(clusterSize);
    }

    @Override
    public EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored) {
        int rawLength = raw.remaining();
        int[] sizes = new int[(rawLength + clusterSize - 1) / clusterSize];
        int end = 0;
        for (int i = 0; i < sizes.length; i++) {
            int at = i * clusterSize;
            int length = Math.min(clusterSize, rawLength - at);
            if (!ZeroTest.isZero(raw, raw.position() + at, length)) {
                sizes[i] = length == clusterSize
                        ? encode(raw, raw.position() + at, stored, end)
                        : encode(padded(raw, raw.position() + at, length), 0, stored, end);
                end += sizes[i] == Qcow2Chunk.PLAIN ? clusterSize : sizes[i];
            }
        }
        return new Qcow2Chunk(position, rawLength, stored.duplicate().limit(end).position(0), sizes);
    }

    /** Encodes one cluster and returns its entry in {@link Qcow2Chunk#sizes}. */
    private int encode(ByteBuffer source, int offset, ByteBuffer stored, int end) {
        int size = compressor.compress(source, offset, clusterSize, stored, end);
        if (size == ClusterCompressor.INCOMPRESSIBLE) {
            stored.put(end, source, offset, clusterSize);
            return Qcow2Chunk.PLAIN;
        }
        return size;
    }

    /** The disk's last cluster, filled up with zeros. */
    private ByteBuffer padded(ByteBuffer raw, int offset, int length) {
        last.put(0, raw, offset, length);
        for (int i = length; i < clusterSize; i++) {
            last.put(i, (byte) 0);
        }
        return last;
    }

    @Override
    public void close() {
        compressor.close();
        memory.close();
    }
}
