package io.stillframe.image.stream;

import io.stillframe.internal.frame.FrameIndex;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.internal.frame.FrameWriter;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.xxhash.XXHashFactory;

/**
 * How LZ4 frames are written: independent blocks of up to 4 MiB, content size and content checksum present, no block checksums. All
 * numbers are little-endian.
 */
record Lz4Frames(int level) implements FrameWriter.Format {
    static final int MAGIC = 0x184D2204;
    /** Version 1, independent blocks, content size, content checksum. */
    static final byte FLAGS = 0x6C;
    /** Blocks of at most 4 MiB. */
    static final byte BLOCKS_OF_4_MIB = 0x70;

    static final int BLOCK = 4 << 20;
    static final int HEADER = 15;
    static final int TRAILER = 8;
    /** In a block's size: the block is stored as it is. */
    static final int UNCOMPRESSED = 1 << 31;

    /** Appends the header of a frame of {@code length} bytes. */
    static void putHeader(ByteBuffer target, int length) {
        int start = target.position();
        target.putInt(MAGIC).put(FLAGS).put(BLOCKS_OF_4_MIB).putLong(length);
        int descriptor = start + Integer.BYTES;
        target.put((byte) (hash(target, descriptor, target.position() - descriptor) >> 8));
    }

    static int hash(ByteBuffer bytes, int offset, int length) {
        return XXHashFactory.fastestInstance().hash32().hash(bytes, offset, length, 0);
    }

    @Override
    public int maxEncodedSize(int length) {
        int blocks = length / BLOCK + 1;
        int block = LZ4Factory.fastestInstance().fastCompressor().maxCompressedLength(Math.min(length, BLOCK));
        return HEADER + blocks * Integer.BYTES + length + block - Math.min(length, BLOCK) + TRAILER;
    }

    @Override
    public ChunkEncoder newEncoder() {
        return new Lz4Encoder(level);
    }

    @Override
    public void begin(FrameTable frames, long virtualSize, ByteSink sink) {
        FrameIndex.begin(frames, virtualSize, new Lz4Envelope(), sink);
    }

    @Override
    public void finish(FrameTable frames, ByteSink sink) {
        FrameIndex.finish(frames, new Lz4Envelope(), sink);
    }
}
