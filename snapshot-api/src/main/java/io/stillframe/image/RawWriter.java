package io.stillframe.image;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;

/** Writes chunks as they are, without a copy; only zeros get a call of their own. */
final class RawWriter implements ImageWriter {
    private static final int CHUNK = 1 << 20;

    @Override
    public int chunkSize() {
        return CHUNK;
    }

    @Override
    public int maxEncodedSize() {
        return CHUNK;
    }

    @Override
    public int headLength() {
        return 0;
    }

    @Override
    public ChunkEncoder newEncoder() {
        return new RawEncoder();
    }

    @Override
    public void begin(ByteSink body) {}

    @Override
    public void append(EncodedChunk chunk, ByteSink body) {
        body.write(chunk.bytes());
    }

    @Override
    public void appendZeros(ByteRange range, ByteSink body) {
        body.writeZeros(range.length());
    }

    @Override
    public ByteBuffer finish(ByteSink body) {
        return ByteBuffer.allocate(0);
    }

    @Override
    public void close() {}

    private record RawChunk(long position, int rawLength, ByteBuffer bytes) implements EncodedChunk {}

    private static final class RawEncoder implements ChunkEncoder {
        @Override
        public EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored) {
            return new RawChunk(position, raw.remaining(), raw.duplicate());
        }

        @Override
        public void close() {}
    }
}
