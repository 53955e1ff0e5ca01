package io.stillframe.internal.image;

import io.stillframe.spi.Extent;

/**
 * Where an image keeps a run of the disk's bytes.
 *
 * @param kind what it is
 * @param start first byte on the disk
 * @param end end on the disk, exclusive, larger than {@code start}
 * @param host where DATA begins in the file, contiguous; else 0
 */
public record MappedRun(Extent.Kind kind, long start, long end, long host) {
    public long length() {
        return end - start;
    }
}
