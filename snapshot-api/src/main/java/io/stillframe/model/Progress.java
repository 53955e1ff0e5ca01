package io.stillframe.model;

/**
 * How far the work on the image is, in bytes.
 *
 * @param bytesTotal bytes of disk that hold data and are to be read; an upper bound until the disks' tables have been walked
 * @param bytesRead bytes of disk read so far, at most {@code bytesTotal}
 * @param bytesStored bytes sent to the home region so far
 */
public record Progress(long bytesTotal, long bytesRead, long bytesStored) {
    public Progress {
        if (bytesTotal < 0 || bytesRead < 0 || bytesStored < 0) {
            throw SnapshotException.invalid("progress counts must not be negative: total " + bytesTotal + ", read "
                    + bytesRead + ", stored " + bytesStored);
        }
    }

    public static Progress none() {
        return new Progress(0, 0, 0);
    }
}
