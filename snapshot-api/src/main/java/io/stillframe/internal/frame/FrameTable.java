package io.stillframe.internal.frame;

import io.stillframe.model.SnapshotException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where each frame lies in the file and on the disk, in 8 bytes for each frame and a little: sizes alone, with the sums of both at every
 * 256th frame. Built in order by one thread; then safe for use by several.
 */
public final class FrameTable {
    /** Most frames that a table takes: 16 TiB in frames of 1 MiB, 128 MiB of memory. */
    public static final int MOST = 1 << 24;

    private static final int PAGE = 256;
    private static final int ZERO = 1 << 31;

    private final List<Page> pages = new ArrayList<>();
    private int count;
    private long storedEnd;
    private long diskEnd;

    /**
     * Adds the next frame.
     *
     * @param stored bytes in the file, at least 0
     * @param length bytes of disk, at least 0
     * @param zero whether it is known to hold zeros only
     */
    public void add(int stored, int length, boolean zero) {
        if (count == MOST) {
            throw SnapshotException.unsupported("an image in frames takes at most " + MOST
                    + " of them; use larger ones (cluster size) or another format");
        }
        if (count % PAGE == 0) {
            pages.add(new Page(storedEnd, diskEnd));
        }
        Page page = pages.get(count / PAGE);
        page.stored[count % PAGE] = stored;
        page.lengths[count % PAGE] = length | (zero ? ZERO : 0);
        count++;
        storedEnd += stored;
        diskEnd += length;
    }

    public int count() {
        return count;
    }

    /** Where the next frame would begin in the file. */
    public long storedEnd() {
        return storedEnd;
    }

    /** Bytes of disk in all frames. */
    public long diskEnd() {
        return diskEnd;
    }

    /** A frame that can be moved on to the next; at the first that ends behind {@code position}, less than the disk's end. */
    public Cursor find(long position) {
        int low = 0;
        int high = pages.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (pages.get(middle).disk <= position) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Cursor cursor = new Cursor(low * PAGE);
        while (cursor.end() <= position) {
            cursor.next();
        }
        return cursor;
    }

    /** The first frame. */
    public Cursor first() {
        return new Cursor(0);
    }

    /** One frame of the table. For one thread. */
    public final class Cursor {
        private int frame;
        private long offset;
        private long start;

        private Cursor(int frame) {
            this.frame = frame;
            if (frame < count) {
                offset = pages.get(frame / PAGE).file;
                start = pages.get(frame / PAGE).disk;
            }
        }

        public boolean exists() {
            return frame < count;
        }

        public int number() {
            return frame;
        }

        /** Where it lies in the file. */
        public long offset() {
            return offset;
        }

        public int stored() {
            return pages.get(frame / PAGE).stored[frame % PAGE];
        }

        /** Where it lies on the disk. */
        public long start() {
            return start;
        }

        /** Where it ends on the disk, exclusive. */
        public long end() {
            return start + length();
        }

        public int length() {
            return pages.get(frame / PAGE).lengths[frame % PAGE] & ~ZERO;
        }

        public boolean zero() {
            return pages.get(frame / PAGE).lengths[frame % PAGE] < 0;
        }

        public void next() {
            offset += stored();
            start += length();
            frame++;
        }
    }

    private static final class Page {
        private final long file;
        private final long disk;
        private final int[] stored = new int[PAGE];
        private final int[] lengths = new int[PAGE];

        Page(long file, long disk) {
            this.file = file;
            this.disk = disk;
        }

        @Override
        public String toString() {
            return "frames from " + file + " in the file and " + disk + " on the disk, " + Arrays.toString(lengths);
        }
    }
}
