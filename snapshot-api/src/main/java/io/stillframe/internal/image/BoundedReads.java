package io.stillframe.internal.image;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ByteSource;
import java.nio.ByteBuffer;

/** Holds reads within the bounds of a disk and of the file that it lies in. Stateless. */
public final class BoundedReads {
    private BoundedReads() {}

    /**
     * Refuses a range that exceeds the disk.
     *
     * @param image names the disk in the message
     * @param size of the disk
     * @throws SnapshotException INVALID
     */
    public static void requireInside(ByteSource image, long size, ByteRange range) {
        if (range.end() > size) {
            throw SnapshotException.invalid(
                    "range " + range + " exceeds the disk of " + size + " bytes in " + image.describe());
        }
    }

    /** As {@link #requireInside(ByteSource, long, ByteRange)}, also for a position or length below 0. */
    public static void requireInside(ByteSource image, long size, long position, long length) {
        requireInside(image, size, ByteRange.ofLength(position, length));
    }

    /**
     * Reads {@code length} bytes of data to the position of {@code target} and moves it behind; its limit stays.
     *
     * @param offset where the image's tables say that the data is, at least 0
     * @throws SnapshotException CORRUPT if the image ends before it; else as reading the image does
     */
    public static void data(ByteSource image, long offset, int length, ByteBuffer target) {
        if (offset > image.size() - length) {
            throw SnapshotException.corrupt(image.describe() + " is truncated: " + length + " bytes of data at "
                    + offset + " exceed its " + image.size() + " bytes");
        }
        int limit = target.limit();
        image.read(offset, target.limit(target.position() + length));
        target.limit(limit);
    }
}
