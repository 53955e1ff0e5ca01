package io.stillframe.image.zstd;

import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;

/** Compresses each chunk to one frame that carries its size and checksum. The native context is reused. */
final class ZstdEncoder implements ChunkEncoder {
    private final ZstdCompressCtx context;

    ZstdEncoder(int level) {
        context = new ZstdCompressCtx();
        context.setLevel(level).setChecksum(true).setContentSize(true);
    }

    @Override
    public EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored) {
        int length = raw.remaining();
        try {
            int size = context.compressDirectByteBuffer(
                    stored, stored.position(), stored.remaining(), raw, raw.position(), length);
            return new Frame(position, length, stored.limit(stored.position() + size));
        } catch (ZstdException e) {
            throw SnapshotException.permanent(
                    "compressing " + length + " bytes at " + position + " failed: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        context.close();
    }

    private record Frame(long position, int rawLength, ByteBuffer bytes) implements EncodedChunk {}
}
