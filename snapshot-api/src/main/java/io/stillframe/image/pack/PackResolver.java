package io.stillframe.image.pack;

import io.stillframe.spi.ByteSource;

/** Finds the packs that an index points into. */
@FunctionalInterface
public interface PackResolver {
    /**
     * Opens a pack.
     *
     * @return its bytes, closed by who asked
     * @throws io.stillframe.model.SnapshotException NOT_FOUND or UNSUPPORTED if there is none; else as opening does
     */
    ByteSource open(PackReference pack);
}
