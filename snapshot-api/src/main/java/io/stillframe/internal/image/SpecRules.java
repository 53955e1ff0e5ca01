package io.stillframe.internal.image;

import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ImageSpec;

/** Limits of what may be asked of a new image that several formats have. Stateless. */
public final class SpecRules {
    private SpecRules() {}

    /**
     * Refuses an image that is not as large as the disk that is to go into it.
     *
     * @throws SnapshotException INVALID
     */
    public static void requireSizeOf(BlockSource source, ImageSpec spec) {
        if (spec.virtualSize() != source.size()) {
            throw SnapshotException.invalid(
                    "the image's virtual size " + spec.virtualSize() + " is not the source's " + source.size());
        }
    }

    /**
     * Refuses compression.
     *
     * @param what for the message: "a raw image"
     * @throws SnapshotException INVALID
     */
    public static void requireNoCompression(String what, ImageSpec spec) {
        spec.compression()
                .filter(compression -> !compression.toString().equals("none"))
                .ifPresent(compression -> {
                    throw SnapshotException.invalid(what + " takes compression 'none', got '" + compression
                            + "'; choose another format, such as zstd or qcow2, to compress");
                });
    }
}
