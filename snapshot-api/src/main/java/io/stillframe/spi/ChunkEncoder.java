package io.stillframe.spi;

import java.nio.ByteBuffer;

/**
 * Turns a chunk's raw bytes into stored bytes. Pure: the result depends on the chunk alone, so that many encoders work at once in
 * any order. One encoder is for one thread at a time; it may own native memory, freed by {@link #close()}.
 */
public interface ChunkEncoder extends AutoCloseable {
    /**
     * Encodes one chunk.
     *
     * @param position where it lies on the virtual disk, a multiple of the chunk size
     * @param raw its bytes from position to limit, a direct buffer, unchanged; exactly the chunk size, or less for the last chunk. Its
     *     content stays until the result is appended, its position and limit may change
     * @param stored direct, cleared, with room for {@link ImageWriter#maxEncodedSize()}; belongs to the result until it is appended
     * @return the encoded chunk, over {@code stored} or, where bytes are stored as they are, over a duplicate of {@code raw}
     */
    EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored);

    /**
     * Encodes one chunk whose SHA-256 is known, so that a format which records it need not compute it again. Called in place of the
     * other one if the stream computes the disk's content digest and the chunk size is that digest's.
     *
     * @param sha256 the 32 bytes of the digest of {@code raw}, from position to limit; unchanged, valid during the call
     * @return what the other one gives for the same chunk
     */
    default EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored, ByteBuffer sha256) {
        return encode(position, raw, stored);
    }

    @Override
    void close();
}
