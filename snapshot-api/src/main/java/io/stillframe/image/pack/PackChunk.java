package io.stillframe.image.pack;

import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;

/** A chunk on its way into a pack. */
sealed interface PackChunk extends EncodedChunk {
    /** The digest of its raw bytes, empty if there is none. */
    byte[] digest();

    /** A frame of its own. */
    record Frame(long position, int rawLength, ByteBuffer bytes, int checksum, byte[] digest) implements PackChunk {}

    /** What an older pack has already; {@code bytes} is empty and {@code older} numbers packs as the base does. */
    record Unchanged(long position, int rawLength, ByteBuffer bytes, StoredChunk older, byte[] digest)
            implements PackChunk {}
}
