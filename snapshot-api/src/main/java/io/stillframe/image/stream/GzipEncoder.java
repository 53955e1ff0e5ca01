package io.stillframe.image.stream;

import io.stillframe.internal.frame.Frame;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Compresses each chunk to one member. The native state is reused. */
final class GzipEncoder implements ChunkEncoder {
    private final Deflater deflater;
    private final CRC32 checksum = new CRC32();

    GzipEncoder(int level) {
        deflater = new Deflater(level, true);
    }

    @Override
    public EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored) {
        int length = raw.remaining();
        checksum.reset();
        checksum.update(raw.duplicate());
        stored.order(ByteOrder.LITTLE_ENDIAN);
        GzipMembers.putHeader(stored, 0);
        deflater.reset();
        deflater.setInput(raw.duplicate());
        deflater.finish();
        while (!deflater.finished()) {
            if (deflater.deflate(stored) == 0 && !deflater.finished()) {
                throw SnapshotException.permanent(
                        "deflating " + length + " bytes at " + position + " exceeded its bound", null);
            }
        }
        stored.putInt((int) checksum.getValue()).putInt(length);
        return new Frame(position, length, stored.flip(), 0);
    }

    @Override
    public void close() {
        deflater.end();
    }
}
