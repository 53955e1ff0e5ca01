package io.stillframe.internal.image;

import java.util.BitSet;

/**
 * Finds structures of an image that share units of its file, one window of the file at a time, so that memory stays below 8 MiB. For one
 * thread at a time.
 */
public final class Occupancy {
    /** Units of a window. */
    public static final long WINDOW = 1L << 26;

    private final BitSet taken = new BitSet();
    private long start;

    /** Forgets what was taken, and looks at the units from {@code first} on. */
    public void moveTo(long first) {
        start = first;
        taken.clear();
    }

    /**
     * Takes units; what lies outside of the window is left out.
     *
     * @return whether all of them were free
     */
    public boolean take(long first, long count) {
        int from = (int) Math.max(0, Math.min(first - start, WINDOW));
        int to = (int) Math.max(0, Math.min(first + count - start, WINDOW));
        int next = taken.nextSetBit(from);
        taken.set(from, to);
        return next < 0 || next >= to;
    }
}
