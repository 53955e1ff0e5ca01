package io.stillframe.spi;

import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What image to write.
 *
 * @param virtualSize bytes as the guest sees them, at least 0
 * @param compression algorithm and level; the codec's default if empty
 * @param clusterSize the format's allocation unit in bytes, a power of two; the codec's default if empty
 */
public record ImageSpec(long virtualSize, Optional<Compression> compression, OptionalInt clusterSize) {
    public ImageSpec {
        if (virtualSize < 0) {
            throw SnapshotException.invalid("virtual size " + virtualSize + " must be at least 0 bytes");
        }
        if (clusterSize.isPresent() && (clusterSize.getAsInt() < 1 || Integer.bitCount(clusterSize.getAsInt()) != 1)) {
            throw SnapshotException.invalid("cluster size " + clusterSize.getAsInt() + " must be a power of two");
        }
    }

    /** With the codec's defaults. */
    public static ImageSpec ofSize(long virtualSize) {
        return new ImageSpec(virtualSize, Optional.empty(), OptionalInt.empty());
    }

    public ImageSpec withCompression(Compression value) {
        return new ImageSpec(virtualSize, Optional.of(value), clusterSize);
    }

    public ImageSpec withClusterSize(int bytes) {
        return new ImageSpec(virtualSize, compression, OptionalInt.of(bytes));
    }
}
