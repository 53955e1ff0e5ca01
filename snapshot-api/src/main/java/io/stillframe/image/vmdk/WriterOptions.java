package io.stillframe.image.vmdk;

import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageSpec;

/**
 * What image to write, checked.
 *
 * @param virtualSize bytes
 * @param level of zlib, or {@link GrainCompressor#STORE}
 */
record WriterOptions(long virtualSize, int level) {
    /** What all tools write and some insist on. */
    static final int GRAIN = 64 * 1024;

    /** Grains that are encoded together; a grain table maps a multiple of it. */
    static final int CHUNK = 1 << 20;

    /** Disk bytes that one grain table maps. */
    static final long TABLE_COVERAGE = (long) GRAIN * SparseHeader.TABLE_ENTRIES;

    private static final long LARGEST = TABLE_COVERAGE * LayoutReader.MOST_TABLES;
    private static final int DEFAULT_LEVEL = 2;

    /** @throws SnapshotException INVALID if an option is out of range */
    static WriterOptions of(ImageSpec spec) {
        if (spec.clusterSize().orElse(GRAIN) != GRAIN) {
            throw SnapshotException.invalid("the cluster size of vmdk must be " + GRAIN + " bytes, got "
                    + spec.clusterSize().getAsInt());
        }
        if (spec.virtualSize() > LARGEST) {
            throw SnapshotException.invalid(
                    "a vmdk disk can have at most " + LARGEST + " bytes, got " + spec.virtualSize());
        }
        return new WriterOptions(
                spec.virtualSize(), spec.compression().map(WriterOptions::level).orElse(DEFAULT_LEVEL));
    }

    private static int level(Compression compression) {
        return switch (compression.algorithm()) {
            case "zlib" -> within(1, 9, compression.level().orElse(DEFAULT_LEVEL), "zlib");
            case "none" ->
                within(
                        GrainCompressor.STORE,
                        GrainCompressor.STORE,
                        compression.level().orElse(0),
                        "none");
            default ->
                throw SnapshotException.invalid(
                        "vmdk compresses with zlib or none, not with '" + compression.algorithm() + "'");
        };
    }

    private static int within(int least, int most, int level, String algorithm) {
        if (level < least || level > most) {
            throw SnapshotException.invalid(
                    "the level of " + algorithm + " in vmdk must be " + least + " to " + most + ", got " + level);
        }
        return level;
    }

    /** The size in whole sectors. */
    long capacity() {
        return WrittenSize.sectors(virtualSize);
    }

    int directoryEntries() {
        return (int) ((Sectors.bytes(capacity()) + TABLE_COVERAGE - 1) / TABLE_COVERAGE);
    }

    /** Most bytes of the file that a grain takes. */
    static int storedGrain() {
        return Sectors.roundUp(Marker.GRAIN_LENGTH + GrainCompressor.bound(GRAIN));
    }
}
