package io.stillframe.image.zstd;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.stillframe.internal.frame.Decompressor;
import io.stillframe.model.SnapshotException;
import java.nio.ByteBuffer;

/** Decompresses Zstandard frames; the native context is reused. */
final class ZstdDecompressor implements Decompressor {
    private final ZstdDecompressCtx context = new ZstdDecompressCtx();

    @Override
    public void decompress(ByteBuffer stored, ByteBuffer target, int length) {
        try {
            int count = context.decompressDirectByteBuffer(
                    target, target.position(), length, stored, stored.position(), stored.remaining());
            if (count != length) {
                throw SnapshotException.corrupt("it has " + count + " bytes instead of " + length);
            }
            target.position(target.position() + count);
        } catch (ZstdException e) {
            throw new SnapshotException(SnapshotException.Kind.CORRUPT, "decompression failed", e);
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
