package io.stillframe.internal.image;

/** Finds where an image keeps the disk's bytes. For one thread at a time. */
@FunctionalInterface
public interface BlockMap {
    /**
     * The run that begins at {@code position}; neighbouring runs may be of the same kind.
     *
     * @param end more is not asked for; larger than {@code position}, at most the disk's size
     * @throws io.stillframe.model.SnapshotException CORRUPT if the table entry breaks the format
     */
    MappedRun at(long position, long end);
}
