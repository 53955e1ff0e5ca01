package io.stillframe.image.stream;

import io.stillframe.internal.frame.Frame;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;

/** Compresses each chunk to one frame. */
final class Lz4Encoder implements ChunkEncoder {
    private static final int LOWEST_STRONG_LEVEL = 3;

    private final LZ4Compressor compressor;

    Lz4Encoder(int level) {
        LZ4Factory factory = LZ4Factory.fastestInstance();
        compressor = level < LOWEST_STRONG_LEVEL ? factory.fastCompressor() : factory.highCompressor(level);
    }

    @Override
    public EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored) {
        int length = raw.remaining();
        stored.order(ByteOrder.LITTLE_ENDIAN);
        Lz4Frames.putHeader(stored, length);
        for (int at = 0; at < length; at += Lz4Frames.BLOCK) {
            putBlock(raw, raw.position() + at, Math.min(Lz4Frames.BLOCK, length - at), stored);
        }
        stored.putInt(0).putInt(Lz4Frames.hash(raw, raw.position(), length));
        return new Frame(position, length, stored.flip(), 0);
    }

    private void putBlock(ByteBuffer raw, int offset, int length, ByteBuffer stored) {
        int start = stored.position() + Integer.BYTES;
        int size = compressor.compress(raw, offset, length, stored, start, stored.capacity() - start);
        if (size < length) {
            stored.putInt(size).position(start + size);
        } else {
            stored.putInt(length | Lz4Frames.UNCOMPRESSED).put(raw.slice(offset, length));
        }
    }

    @Override
    public void close() {}
}
