package io.stillframe.image.pack;

import io.stillframe.model.ByteRange;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;

/**
 * The disk that an incremental pack is the next generation of. Safe for use by several threads.
 *
 * @param disk its index
 * @param clean chunks that are known to be as they were, empty if nothing is known and content must be compared
 */
record PackBase(IndexedDisk disk, BitSet clean) {
    /** The chunk at {@code position}, if the base has it and its content is the same. */
    Optional<StoredChunk> same(long position, int length, byte[] digest) {
        long chunk = position / disk.chunkSize();
        if (digest.length == 0
                || chunk >= disk.chunkCount()
                || length != PackFormat.rawLength(disk.size(), disk.chunkSize(), chunk)) {
            return Optional.empty();
        }
        IndexedDisk.Walk walk = disk.walk(ByteRange.ofLength(position, length));
        walk.locate();
        if (walk.zero()) {
            return Optional.empty();
        }
        int at = walk.page().digestOffset(walk.run(), walk.chunk());
        return Arrays.equals(walk.page().digests(), at, at + digest.length, digest, 0, digest.length)
                ? Optional.of(walk.stored())
                : Optional.empty();
    }
}
