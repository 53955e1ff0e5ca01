package io.stillframe.image.vmdk;

import java.util.Arrays;

/** Which sectors of a window of the file are in use. Memory: one bit for each, at most {@value #MOST} of them. For one thread at a time. */
final class SectorUse {
    private static final long MOST = 1L << 27;

    private final long window;
    private final long[] bits;
    private long start;

    /** @param sectors of the file */
    SectorUse(long sectors) {
        window = Math.min(MOST, Math.max(1, sectors));
        bits = new long[(int) ((window + Long.SIZE - 1) / Long.SIZE)];
    }

    /** Sectors of a window. */
    long window() {
        return window;
    }

    /** Goes to the window that starts there, nothing in it in use. */
    void moveTo(long sector) {
        start = sector;
        Arrays.fill(bits, 0);
    }

    /** Marks sectors as used, as far as they are in the window; false if one of them was already. */
    boolean add(long sector, long count) {
        boolean free = true;
        long stop = Math.min(sector + count, start + window);
        for (long at = Math.max(sector, start); at < stop; at++) {
            int word = (int) ((at - start) / Long.SIZE);
            long bit = 1L << ((at - start) % Long.SIZE);
            free &= (bits[word] & bit) == 0;
            bits[word] |= bit;
        }
        return free;
    }
}
