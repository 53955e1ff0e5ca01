package io.stillframe.image.pack;

import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;
import io.stillframe.image.Crc32c;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Optional;

/** Compresses each chunk to one frame, unless an older pack has the same content. The native context is reused. */
final class PackEncoder implements ChunkEncoder {
    private final ZstdCompressCtx context = new ZstdCompressCtx();
    private final PackOptions options;
    private final Optional<PackBase> base;
    private final Optional<MessageDigest> digest;

    PackEncoder(PackOptions options, Optional<PackBase> base) {
        this.options = options;
        this.base = base;
        this.digest = options.digest() == ChunkDigest.NONE
                ? Optional.empty()
                : Optional.of(options.digest().newComputation());
        context.setLevel(options.level()).setChecksum(true).setContentSize(true);
    }

    @Override
    public EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored) {
        return encoded(
                position,
                raw,
                stored,
                digest.map(computation -> digest(computation, raw)).orElse(PackChunk.Sum.NONE));
    }

    @Override
    public EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored, ByteBuffer sha256) {
        if (options.digest() != ChunkDigest.SHA_256) {
            return encode(position, raw, stored);
        }
        byte[] known = new byte[ChunkDigest.SHA_256.length()];
        sha256.get(sha256.position(), known);
        return encoded(position, raw, stored, new PackChunk.Sum(known));
    }

    private static PackChunk.Sum digest(MessageDigest computation, ByteBuffer raw) {
        computation.update(raw.duplicate());
        return new PackChunk.Sum(computation.digest());
    }

    private EncodedChunk encoded(long position, ByteBuffer raw, ByteBuffer stored, PackChunk.Sum digest) {
        int length = raw.remaining();
        Optional<StoredChunk> older = base.flatMap(known -> known.same(position, length, digest.bytes()));
        if (older.isPresent()) {
            return new PackChunk.Unchanged(position, length, stored.limit(stored.position()), older.get(), digest);
        }
        try {
            int size = context.compressDirectByteBuffer(
                    stored, stored.position(), stored.remaining(), raw, raw.position(), length);
            stored.limit(stored.position() + size);
            return new PackChunk.Frame(position, length, stored, Crc32c.of(stored.duplicate()), digest);
        } catch (ZstdException e) {
            throw SnapshotException.permanent(
                    "compressing " + length + " bytes at " + position + " failed: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
