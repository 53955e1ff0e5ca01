package io.stillframe.image.qcow2;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Puts incompressible clusters into the compressed stream as they are, framed in raw blocks, so that they need not begin at a cluster
 * boundary and nothing is wasted between packed clusters. For one thread at a time.
 */
sealed interface StoredFrames {
    /** Gives out the frame piece by piece; {@code cluster} is consumed. Returns the frame's length. */
    int write(ByteBuffer cluster, Pieces pieces);

    /** Takes the pieces of a frame in order. */
    interface Pieces {
        void add(ByteBuffer piece);
    }

    /** Bytes of a frame around {@code clusterSize} bytes. */
    int frameSize(int clusterSize);

    static StoredFrames of(CompressionType type) {
        return type == CompressionType.ZSTD ? new Zstandard() : new Deflate();
    }

    /** RFC 8878, 3.1.1: a frame header with the content size, raw blocks of at most 128 KiB, no checksum. */
    final class Zstandard implements StoredFrames {
        private static final int FRAME_HEADER = 9;
        private static final int BLOCK_HEADER = 3;
        private static final int BLOCK = 128 * 1024;
        private static final int MAGIC = 0xFD2FB528;

        /** Content size of 4 bytes, single segment, no checksum, no dictionary. */
        private static final byte DESCRIPTOR = (byte) 0xA0;

        private final ByteBuffer header = ByteBuffer.allocate(FRAME_HEADER).order(ByteOrder.LITTLE_ENDIAN);

        @Override
        public int write(ByteBuffer cluster, Pieces pieces) {
            int size = frameSize(cluster.remaining());
            pieces.add(header.clear()
                    .putInt(MAGIC)
                    .put(DESCRIPTOR)
                    .putInt(cluster.remaining())
                    .flip());
            int end = cluster.limit();
            while (cluster.position() < end) {
                int length = Math.min(BLOCK, end - cluster.position());
                int last = cluster.position() + length == end ? 1 : 0;
                int blockHeader = length << 3 | last;
                header.clear().putShort((short) blockHeader).put((byte) (blockHeader >>> 16));
                pieces.add(header.flip());
                pieces.add(cluster.limit(cluster.position() + length));
                cluster.limit(end);
            }
            return size;
        }

        @Override
        public int frameSize(int clusterSize) {
            return FRAME_HEADER + (clusterSize + BLOCK - 1) / BLOCK * BLOCK_HEADER + clusterSize;
        }
    }

    /** RFC 1951, 3.2.4: stored blocks of at most 65,535 bytes. */
    final class Deflate implements StoredFrames {
        private static final int BLOCK_HEADER = 5;
        private static final int BLOCK = 65_535;

        private final ByteBuffer header = ByteBuffer.allocate(BLOCK_HEADER).order(ByteOrder.LITTLE_ENDIAN);

        @Override
        public int write(ByteBuffer cluster, Pieces pieces) {
            int size = frameSize(cluster.remaining());
            int end = cluster.limit();
            while (cluster.position() < end) {
                int length = Math.min(BLOCK, end - cluster.position());
                boolean last = cluster.position() + length == end;
                pieces.add(header.clear()
                        .put((byte) (last ? 1 : 0))
                        .putShort((short) length)
                        .putShort((short) ~length)
                        .flip());
                pieces.add(cluster.limit(cluster.position() + length));
                cluster.limit(end);
            }
            return size;
        }

        @Override
        public int frameSize(int clusterSize) {
            return (clusterSize + BLOCK - 1) / BLOCK * BLOCK_HEADER + clusterSize;
        }
    }
}
