package io.stillframe.image.pack;

import io.stillframe.model.ByteRange;
import io.stillframe.model.Digest;
import java.util.Optional;

/** What an index says of a part of a disk. */
public sealed interface PackedChunk {
    /** Which bytes of the disk. */
    ByteRange range();

    /** One or more chunks of zeros. */
    record Zero(ByteRange range) implements PackedChunk {}

    /**
     * One chunk that is stored as a frame; its raw length is the range's.
     *
     * @param pack where it is stored
     * @param offset where its frame begins in that pack
     * @param storedLength bytes of the frame
     * @param checksum CRC32C of the frame
     * @param digest of the raw bytes, if the index has one
     */
    record Stored(
            ByteRange range, PackReference pack, long offset, int storedLength, int checksum, Optional<Digest> digest)
            implements PackedChunk {}
}
