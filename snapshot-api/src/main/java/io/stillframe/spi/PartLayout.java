package io.stillframe.spi;

import io.stillframe.model.SnapshotException;

/**
 * How an object of yet unknown length is cut into parts. Part sizes are fixed by the layout alone, so that parts can be sent in any
 * order and by another process: parts 1 to {@code step} have {@code firstSize} bytes, the next {@code step} twice that, and so on; only
 * the last part of an object may be shorter.
 *
 * @param firstSize bytes of the first parts, 1 to 1 GiB
 * @param step how many parts have the same size before it doubles, at least 1
 */
public record PartLayout(int firstSize, int step) {
    private static final int LARGEST_FIRST = 1 << 30;

    public PartLayout {
        if (firstSize < 1 || firstSize > LARGEST_FIRST || step < 1) {
            throw SnapshotException.invalid("part layout needs a first size of 1 to " + LARGEST_FIRST
                    + " bytes and a step of at least 1, got " + firstSize + " and " + step);
        }
    }

    /** Every part of the same size. */
    public static PartLayout fixed(int size) {
        return new PartLayout(size, Integer.MAX_VALUE);
    }

    /** Bytes of part {@code number}, from 1; at most {@link Long#MAX_VALUE}. */
    public long sizeOf(int number) {
        requirePart(number);
        int doublings = (number - 1) / step;
        return doublings > 30 ? Long.MAX_VALUE : (long) firstSize << doublings;
    }

    /** Where part {@code number}, from 1, begins in the object. */
    public long offsetOf(int number) {
        requirePart(number);
        long offset = 0;
        int left = number - 1;
        long size = firstSize;
        while (left > 0) {
            int here = Math.min(left, step);
            offset = Math.addExact(offset, Math.multiplyExact(size, (long) here));
            left -= here;
            size = Math.multiplyExact(size, 2L);
        }
        return offset;
    }

    private static void requirePart(int number) {
        if (number < 1) {
            throw SnapshotException.invalid("parts are counted from 1, got " + number);
        }
    }
}
