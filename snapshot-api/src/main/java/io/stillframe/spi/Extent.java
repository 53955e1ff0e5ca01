package io.stillframe.spi;

import io.stillframe.model.ByteRange;

/**
 * A run of a disk's bytes of one kind.
 *
 * @param range where, never empty
 * @param kind what
 */
public record Extent(ByteRange range, Kind kind) {
    /** What a run of bytes is. */
    public enum Kind {
        /** Must be read; may still turn out to be zero. */
        DATA,
        /** Known to read as zeros and allocated or marked so. */
        ZERO,
        /** Never written; reads as zeros. */
        HOLE
    }

    public Extent {
        if (range.isEmpty()) {
            throw new IllegalArgumentException("an extent is never empty: " + range);
        }
    }

    public boolean isData() {
        return kind == Kind.DATA;
    }
}
