package io.stillframe.image.pack;

import io.stillframe.spi.EncodedChunk;
import java.nio.ByteBuffer;

/** A chunk on its way into a pack. */
sealed interface PackChunk extends EncodedChunk {
    /** The digest of its raw bytes. */
    Sum digest();

    /** A frame of its own. */
    record Frame(long position, int rawLength, ByteBuffer bytes, int checksum, Sum digest) implements PackChunk {}

    /** What an older pack has already; {@code bytes} is empty and {@code older} numbers packs as the base does. */
    record Unchanged(long position, int rawLength, ByteBuffer bytes, StoredChunk older, Sum digest)
            implements PackChunk {}

    /** The bytes of a digest, none if there is no digest. */
    final class Sum {
        static final Sum NONE = new Sum(new byte[0]);

        private final byte[] bytes;

        /** @param bytes not copied */
        Sum(byte[] bytes) {
            this.bytes = bytes;
        }

        /** Not copied. */
        byte[] bytes() {
            return bytes;
        }
    }
}
