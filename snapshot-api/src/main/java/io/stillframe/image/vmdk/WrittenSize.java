package io.stillframe.image.vmdk;

/** How a disk's size is written, since the format counts sectors. Stateless. */
final class WrittenSize {
    private WrittenSize() {}

    /** Whole sectors for a disk of {@code bytes}; one for an empty disk, because readers take a capacity of 0 for a disk that is elsewhere. */
    static long sectors(long bytes) {
        return Math.max(1, Sectors.of(bytes));
    }
}
