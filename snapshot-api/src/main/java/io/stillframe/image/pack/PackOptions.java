package io.stillframe.image.pack;

import io.stillframe.model.SnapshotException;

/**
 * How to write a pack. Immutable.
 *
 * @param chunkSize bytes of disk in one frame, a power of two from 64 KiB to 16 MiB
 * @param level Zstandard's compression level, -7 to 22
 * @param digest what is computed of each chunk's raw bytes
 * @param zeros how zeros are stored in a pack of a whole disk
 */
public record PackOptions(int chunkSize, int level, ChunkDigest digest, ZeroRuns zeros) {
    static final int FASTEST = -7;
    static final int STRONGEST = 22;
    private static final int DEFAULT_CHUNK = 1 << 20;
    /** Disks above this size cost more than 128 MiB for frames of nothing but zeros. */
    private static final long LARGEST_WITH_ZERO_FRAMES = 4L << 40;

    /** How zeros are stored. */
    public enum ZeroRuns {
        /** As {@link #FRAMES} on disks of up to 4 TiB, else as {@link #INDEX}. */
        AUTOMATIC,
        /** In frames of their own, so that {@code zstd -d} gives the disk; 32 bytes for each MiB, which is as few as Zstandard allows. */
        FRAMES,
        /** In the index alone; stock tools refuse the pack. */
        INDEX
    }

    public PackOptions {
        if (chunkSize < PackFormat.SMALLEST_CHUNK
                || chunkSize > PackFormat.LARGEST_CHUNK
                || Integer.bitCount(chunkSize) != 1) {
            throw SnapshotException.invalid("a pack's cluster size must be a power of two from "
                    + PackFormat.SMALLEST_CHUNK + " to " + PackFormat.LARGEST_CHUNK + " bytes, got " + chunkSize);
        }
        if (level < FASTEST || level > STRONGEST) {
            throw SnapshotException.invalid(
                    "a pack takes compression zstd:" + FASTEST + " to zstd:" + STRONGEST + ", got level " + level);
        }
    }

    /** Chunks of 1 MiB, level 1, SHA-256, zeros as the disk's size suggests. */
    public static PackOptions ofDefaults() {
        return new PackOptions(DEFAULT_CHUNK, 1, ChunkDigest.SHA_256, ZeroRuns.AUTOMATIC);
    }

    public PackOptions withChunkSize(int bytes) {
        return new PackOptions(bytes, level, digest, zeros);
    }

    public PackOptions withLevel(int value) {
        return new PackOptions(chunkSize, value, digest, zeros);
    }

    public PackOptions withDigest(ChunkDigest value) {
        return new PackOptions(chunkSize, level, value, zeros);
    }

    public PackOptions withZeros(ZeroRuns value) {
        return new PackOptions(chunkSize, level, digest, value);
    }

    boolean zeroFrames(long diskSize) {
        return zeros == ZeroRuns.FRAMES || (zeros == ZeroRuns.AUTOMATIC && diskSize <= LARGEST_WITH_ZERO_FRAMES);
    }

    /** The disk must not have more chunks than an index can count. */
    void requireCountable(long diskSize) {
        long chunks = PackFormat.chunks(diskSize, chunkSize);
        if (chunks > PackFormat.MOST_CHUNKS) {
            throw SnapshotException.invalid("a disk of " + diskSize + " bytes has " + chunks + " chunks of " + chunkSize
                    + " bytes, at most " + PackFormat.MOST_CHUNKS + " are possible; choose a larger cluster size");
        }
    }
}
