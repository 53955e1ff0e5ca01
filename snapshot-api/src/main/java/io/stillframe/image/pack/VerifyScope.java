package io.stillframe.image.pack;

import io.stillframe.model.SnapshotException;

/** How much of a pack a verification reads. The structure is always checked. */
public sealed interface VerifyScope {
    /** Every byte: all frames with all checksums and digests, also the frames of zeros that only stock tools read. */
    record Everything() implements VerifyScope {}

    /**
     * A number of chunks, drawn evenly.
     *
     * @param chunks at least 1; all if there are fewer
     * @param seed the same seed draws the same chunks
     */
    record Chunks(long chunks, long seed) implements VerifyScope {
        public Chunks {
            if (chunks < 1) {
                throw SnapshotException.invalid("a sample has at least 1 chunk, got " + chunks);
            }
        }
    }

    /**
     * A share of the stored chunks, drawn evenly, rounded up.
     *
     * @param share over 0, up to 1
     * @param seed the same seed draws the same chunks
     */
    record Share(double share, long seed) implements VerifyScope {
        public Share {
            if (!(share > 0 && share <= 1)) {
                throw SnapshotException.invalid("a sample's share is over 0 and up to 1, got " + share);
            }
        }
    }
}
