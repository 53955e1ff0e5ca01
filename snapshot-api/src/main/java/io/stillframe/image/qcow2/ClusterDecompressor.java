package io.stillframe.image.qcow2;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.stillframe.internal.deflate.Inflate;
import java.nio.ByteBuffer;

/** Decompresses whole clusters with one reused decoder. For one thread at a time. */
sealed interface ClusterDecompressor extends AutoCloseable {
    /**
     * Decompresses exactly as many bytes as {@code target} has room for; what {@code source} has behind them is ignored, because the
     * end of a cluster's data is known to the sector only.
     *
     * @param source direct; its position is of no meaning afterwards
     * @param target direct; full afterwards, whatever the source holds it is never exceeded
     * @return whether the source was sound and long enough
     */
    boolean decompress(ByteBuffer source, ByteBuffer target);

    @Override
    void close();

    static ClusterDecompressor of(CompressionType type) {
        return switch (type) {
            case ZLIB -> new Zlib();
            case ZSTD -> new Zstandard();
        };
    }

    /** Raw deflate of any window; QEMU's own encoder keeps to 4 KiB. */
    final class Zlib implements ClusterDecompressor {
        private final Inflate inflate = new Inflate();

        @Override
        public boolean decompress(ByteBuffer source, ByteBuffer target) {
            return inflate.decode(source, target) != Inflate.Outcome.INVALID && !target.hasRemaining();
        }

        @Override
        public void close() {
            // All of its memory is the heap's.
        }
    }

    /** One or more frames, of known content size or not. Decoded in one step each, so that no window is allocated for them. */
    final class Zstandard implements ClusterDecompressor {
        private final ZstdDecompressCtx context = new ZstdDecompressCtx();

        @Override
        public boolean decompress(ByteBuffer source, ByteBuffer target) {
            try {
                while (target.hasRemaining()) {
                    if (!decompressFrame(source, target)) {
                        return false;
                    }
                }
                return true;
            } catch (ZstdException e) {
                return false;
            }
        }

        private boolean decompressFrame(ByteBuffer source, ByteBuffer target) {
            int at = source.position();
            long frame = Zstd.findDirectByteBufferFrameCompressedSize(source, at, source.remaining());
            if (Zstd.isError(frame) || frame < 1 || frame > source.remaining()) {
                return false;
            }
            int written = context.decompressDirectByteBuffer(
                    target, target.position(), target.remaining(), source, at, (int) frame);
            source.position(at + (int) frame);
            target.position(target.position() + written);
            return true;
        }

        @Override
        public void close() {
            context.close();
        }
    }
}
