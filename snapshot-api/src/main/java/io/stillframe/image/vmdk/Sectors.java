package io.stillframe.image.vmdk;

/** The format's unit of place and length. Stateless. */
final class Sectors {
    static final int BITS = 9;
    static final int SIZE = 1 << BITS;

    private Sectors() {}

    /** Sectors that {@code bytes} need. */
    static long of(long bytes) {
        return (bytes >>> BITS) + ((bytes & (SIZE - 1)) == 0 ? 0 : 1);
    }

    /** {@code bytes} up to the next boundary. */
    static int roundUp(int bytes) {
        return (bytes + SIZE - 1) & -SIZE;
    }

    static long bytes(long sectors) {
        return sectors << BITS;
    }
}
