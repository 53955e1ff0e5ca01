package io.stillframe.image.ova;

/**
 * One disk as the descriptor tells it.
 *
 * @param file its name in the archive
 * @param capacity bytes as the guest sees them
 * @param stored bytes of the file
 * @param populated bytes of the disk that hold data
 */
record OvaDisk(String file, long capacity, long stored, long populated) {
    /** As long in the descriptor as any disk can be. */
    static OvaDisk longest(String file, long capacity) {
        return new OvaDisk(file, capacity, Long.MAX_VALUE, Long.MAX_VALUE);
    }
}
