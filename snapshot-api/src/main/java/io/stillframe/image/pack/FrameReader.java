package io.stillframe.image.pack;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.stillframe.image.Crc32c;
import io.stillframe.internal.image.ReaderPool;
import io.stillframe.internal.memory.GrowingBuffer;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Reads frames, checks them, and decompresses them, bounded by their raw length. All are of the packs of one index. For one thread at a time. */
final class FrameReader implements ReaderPool.Reader {
    /** Most bytes that are fetched at once for several frames that lie one behind the other. */
    static final int WINDOW = 4 << 20;

    private static final int NONE = -1;

    private final ZstdDecompressCtx context = new ZstdDecompressCtx();
    private final GrowingBuffer stored = new GrowingBuffer();
    private final GrowingBuffer plain = new GrowingBuffer();
    private int fetchedPack = NONE;
    private long fetchedStart;
    private long fetchedEnd;
    private long keptChunk = NONE;

    /** Whether {@link #kept()} is this chunk. */
    boolean keeps(long chunk) {
        return keptChunk == chunk;
    }

    /** Whether the frame was fetched along with an earlier one. */
    boolean holds(StoredChunk frame) {
        return fetchedPack == frame.pack() && frame.offset() >= fetchedStart && frame.end() <= fetchedEnd;
    }

    /** The raw bytes of the chunk that was kept, from position to limit. */
    ByteBuffer kept() {
        return plain.get().duplicate();
    }

    /** Decompresses a chunk into a buffer of this reader and keeps it there. */
    void keep(ByteSource pack, StoredChunk frame, long chunk, long fetchEnd) {
        keptChunk = NONE;
        ByteBuffer bytes = plain.ofLength(frame.raw());
        decode(pack, frame, chunk, fetchEnd, bytes);
        bytes.flip();
        keptChunk = chunk;
    }

    /**
     * Decompresses a chunk to {@code target}'s position and moves it behind.
     *
     * @param fetchEnd up to where bytes of the pack are fetched along, because they are needed next; at least the frame's end
     * @param target direct
     * @throws SnapshotException CORRUPT, naming the pack and the frame's range; else as reading the pack does
     */
    void decode(ByteSource pack, StoredChunk frame, long chunk, long fetchEnd, ByteBuffer target) {
        int at = fetch(pack, frame, fetchEnd);
        int checksum =
                Crc32c.of(stored.get().duplicate().limit(at + frame.stored()).position(at));
        if (checksum != frame.checksum()) {
            throw corrupt(pack, frame, chunk, "its checksum is wrong", null);
        }
        try {
            int length = context.decompressDirectByteBuffer(
                    target, target.position(), frame.raw(), stored.get(), at, frame.stored());
            if (length != frame.raw()) {
                throw corrupt(pack, frame, chunk, "it holds " + length + " bytes instead of " + frame.raw(), null);
            }
            target.position(target.position() + length);
        } catch (ZstdException e) {
            throw corrupt(pack, frame, chunk, "decompression failed", e);
        }
    }

    /** Makes the frame's stored bytes available; returns where they begin in the buffer. */
    private int fetch(ByteSource pack, StoredChunk frame, long fetchEnd) {
        if (!holds(frame)) {
            int length = (int) (Math.max(frame.end(), fetchEnd) - frame.offset());
            fetchedPack = NONE;
            ByteBuffer bytes = stored.ofLength(length);
            pack.read(frame.offset(), bytes);
            bytes.clear();
            fetchedPack = frame.pack();
            fetchedStart = frame.offset();
            fetchedEnd = frame.offset() + length;
        }
        return (int) (frame.offset() - fetchedStart);
    }

    private static SnapshotException corrupt(
            ByteSource pack, StoredChunk frame, long chunk, String fault, @Nullable Throwable cause) {
        return new SnapshotException(
                SnapshotException.Kind.CORRUPT,
                "pack " + pack.describe() + ": frame at " + new ByteRange(frame.offset(), frame.end()) + ", chunk "
                        + chunk + " of the disk: " + fault,
                cause);
    }

    @Override
    public void close() {
        context.close();
        stored.close();
        plain.close();
    }
}
