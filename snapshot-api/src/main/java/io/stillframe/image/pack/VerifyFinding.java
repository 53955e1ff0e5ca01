package io.stillframe.image.pack;

import io.stillframe.model.ByteRange;

/**
 * One fault that a verification found.
 *
 * @param kind of what kind
 * @param file the pack or manifest, as its source describes itself
 * @param range which of its bytes
 * @param what is wrong, for people
 */
public record VerifyFinding(Kind kind, String file, ByteRange range, String what) {
    /** What can be wrong. */
    public enum Kind {
        /** Something other than a chunk's frame is not what the index says: a stock tool would give other bytes, or readers none. */
        STRUCTURE,
        /** A chunk's frame has another checksum, cannot be decompressed, or has another length. */
        FRAME,
        /** A chunk's content has another digest, although its frame is intact. */
        DIGEST,
        /** A pack that is needed is missing or is another one. */
        PACK
    }

    @Override
    public String toString() {
        return kind + " " + file + " " + range + ": " + what;
    }
}
