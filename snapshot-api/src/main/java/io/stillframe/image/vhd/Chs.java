package io.stillframe.image.vhd;

/**
 * A disk's geometry in sectors of 512 bytes.
 *
 * @param cylinders 0 to 65535
 * @param heads 0 to 255
 * @param sectorsPerTrack 0 to 255
 */
record Chs(int cylinders, int heads, int sectorsPerTrack) {
    /** The largest geometry there is; says nothing of the size. */
    static final Chs LARGEST = new Chs(65_535, 16, 255);

    private static final long LARGEST_ATA = 65_535L * 16 * 63;
    private static final int MOST_CYLINDERS = 1024;

    static Chs ofField(int field) {
        return new Chs(field >>> 16, field >>> 8 & 0xff, field & 0xff);
    }

    int field() {
        return cylinders << 16 | heads << 8 | sectorsPerTrack;
    }

    long sectors() {
        return (long) cylinders * heads * sectorsPerTrack;
    }

    /**
     * What is written for a disk: the specification's geometry ("Appendix: CHS Calculation") if it has exactly this many sectors. If it has
     * fewer, readers that go by the geometry would cut the disk off; the largest geometry makes them go by the size.
     */
    static Chs exactFor(long sectors) {
        Chs calculated = calculated(Math.min(sectors, LARGEST.sectors()));
        return calculated.sectors() == sectors ? calculated : LARGEST;
    }

    private static Chs calculated(long sectors) {
        if (sectors >= LARGEST_ATA) {
            return of(sectors / 255, 16, 255);
        }
        long tracks = sectors / 17;
        int heads = (int) Math.max(4, (tracks + MOST_CYLINDERS - 1) / MOST_CYLINDERS);
        if (tracks < (long) heads * MOST_CYLINDERS && heads <= 16) {
            return of(tracks, heads, 17);
        }
        tracks = sectors / 31;
        return tracks < 16L * MOST_CYLINDERS ? of(tracks, 16, 31) : of(sectors / 63, 16, 63);
    }

    private static Chs of(long tracks, int heads, int sectorsPerTrack) {
        return new Chs((int) (tracks / heads), heads, sectorsPerTrack);
    }

    @Override
    public String toString() {
        return cylinders + "/" + heads + "/" + sectorsPerTrack;
    }
}
