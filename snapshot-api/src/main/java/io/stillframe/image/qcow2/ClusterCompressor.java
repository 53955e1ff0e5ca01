package io.stillframe.image.qcow2;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import java.nio.ByteBuffer;
import java.util.zip.Deflater;

/** Compresses whole clusters with one reused native context. For one thread at a time. */
sealed interface ClusterCompressor extends AutoCloseable {
    /** What {@link #compress} returns when the cluster does not become smaller. */
    int INCOMPRESSIBLE = -1;

    /**
     * Compresses one cluster.
     *
     * @param source direct; the cluster is at {@code [offset, offset + length)}
     * @param target direct, with room for {@link #bound} bytes from {@code at}
     * @return bytes written at {@code at}, fewer than {@code length}; or {@link #INCOMPRESSIBLE}
     */
    int compress(ByteBuffer source, int offset, int length, ByteBuffer target, int at);

    @Override
    void close();

    static ClusterCompressor of(WriterOptions options) {
        return switch (options.method()) {
            case ZSTD -> new Zstandard(options.level());
            case ZLIB -> new Zlib(options.level());
            case NONE -> new None();
        };
    }

    /** Room that the compression of one cluster may need, at least the cluster's size. */
    static int bound(WriterOptions options) {
        return options.method() == WriterOptions.Method.ZSTD
                ? (int) Zstd.compressBound(options.clusterSize())
                : options.clusterSize();
    }

    /** One frame with content size and without checksum for each cluster, as QEMU writes them. */
    final class Zstandard implements ClusterCompressor {
        /**
         * Level 1 is meant for shorter inputs: twice its hash table makes clusters of 256 KiB one percent smaller for three percent of the
         * speed.
         */
        private static final int LEVEL_1_HASH_LOG = 15;

        private final ZstdCompressCtx context = new ZstdCompressCtx();

        Zstandard(int level) {
            context.setLevel(level).setContentSize(true).setChecksum(false);
            if (level == 1) {
                context.setHashLog(LEVEL_1_HASH_LOG);
            }
        }

        @Override
        public int compress(ByteBuffer source, int offset, int length, ByteBuffer target, int at) {
            int size = context.compressDirectByteBuffer(target, at, target.limit() - at, source, offset, length);
            return size < length ? size : INCOMPRESSIBLE;
        }

        @Override
        public void close() {
            context.close();
        }
    }

    /**
     * Raw deflate. The format sets no limit to the window (RFC 1951 has 32 KiB); QEMU's own encoder keeps to 4 KiB, its decoder
     * inflates a cluster in one step, in which the window is the output itself.
     */
    final class Zlib implements ClusterCompressor {
        private final Deflater deflater;

        Zlib(int level) {
            deflater = new Deflater(level, true);
        }

        @Override
        public int compress(ByteBuffer source, int offset, int length, ByteBuffer target, int at) {
            deflater.reset();
            deflater.setInput(source.slice(offset, length));
            deflater.finish();
            ByteBuffer room = target.slice(at, length - 1);
            while (room.hasRemaining() && !deflater.finished()) {
                deflater.deflate(room);
            }
            return deflater.finished() ? room.position() : INCOMPRESSIBLE;
        }

        @Override
        public void close() {
            deflater.end();
        }
    }

    /** Compresses nothing. */
    final class None implements ClusterCompressor {
        @Override
        public int compress(ByteBuffer source, int offset, int length, ByteBuffer target, int at) {
            return INCOMPRESSIBLE;
        }

        @Override
        public void close() {}
    }
}
