package io.stillframe.image;

import io.stillframe.internal.memory.DirectMemory;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A unit with room for each of its chunks' stored bytes. */
final class ImageSlot implements DiskPipeline.Slot {
    private final UnitSlot unit;
    private final int chunk;
    private final ByteBuffer[] stored;
    private final @Nullable EncodedChunk[] encoded;

    ImageSlot(DirectMemory memory, int unit, int chunk, int maxEncoded) {
        this.unit = new UnitSlot(memory.allocate(unit), Math.min(chunk, ContentDigest.CHUNK));
        this.chunk = chunk;
        this.stored = new ByteBuffer[unit / chunk];
        this.encoded = new EncodedChunk[unit / chunk];
        for (int i = 0; i < stored.length; i++) {
            stored[i] = memory.allocate(maxEncoded);
        }
    }

    @Override
    public UnitSlot unit() {
        return unit;
    }

    /** Encodes every chunk that is not all zero, with the digests of its unit if they are computed and of its size. */
    void encode(ChunkEncoder encoder, boolean digested) {
        boolean known = digested && chunk == ContentDigest.CHUNK;
        for (int i = 0, at = 0; at < unit.length(); i++, at += chunk) {
            int end = Math.min(at + chunk, unit.length());
            encoded[i] = unit.hasData(at, end) ? checked(encode(encoder, i, known), at, end) : null;
        }
    }

    private EncodedChunk encode(ChunkEncoder encoder, int number, boolean digested) {
        int at = number * chunk;
        ByteBuffer raw = unit.raw(at, Math.min(at + chunk, unit.length()));
        ByteBuffer target = stored[number].clear();
        return digested
                ? encoder.encode(unit.position() + at, raw, target, unit.digestOf(number))
                : encoder.encode(unit.position() + at, raw, target);
    }

    private EncodedChunk checked(EncodedChunk result, int at, int end) {
        if (result.position() != unit.position() + at || result.rawLength() != end - at) {
            throw SnapshotException.permanent(
                    "the encoder was given " + (end - at) + " bytes at " + (unit.position() + at) + " and returned "
                            + result.rawLength() + " at " + result.position(),
                    null);
        }
        return result;
    }

    /** The chunk that begins {@code at} bytes into the unit, or null if it is all zero. */
    @Nullable
    EncodedChunk encoded(int at) {
        return encoded[at / chunk];
    }

    int chunk() {
        return chunk;
    }
}
