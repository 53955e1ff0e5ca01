package io.stillframe.internal.image;

import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Leaves chunks as they are, without a copy, and computes their checksums. */
public final class PlainEncoder implements ChunkEncoder {
    private final CRC32C crc = new CRC32C();

    @Override
    public EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored) {
        int length = raw.remaining();
        crc.reset();
        crc.update(raw.duplicate());
        return new PlainChunk(position, length, raw.duplicate(), (int) crc.getValue());
    }

    @Override
    public void close() {
        // Everything is on the heap.
    }
}
