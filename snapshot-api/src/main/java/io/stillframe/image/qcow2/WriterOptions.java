package io.stillframe.image.qcow2;

import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.ImageSpec;

/**
 * What image to write, checked.
 *
 * @param virtualSize bytes
 * @param geometry clusters; never extended
 * @param method how clusters are stored
 * @param level the method's own level; 0 for NONE
 */
record WriterOptions(long virtualSize, Geometry geometry, Method method, int level) {
    /** How clusters are stored. */
    enum Method {
        ZSTD,
        ZLIB,
        NONE;

        CompressionType type() {
            return this == ZSTD ? CompressionType.ZSTD : CompressionType.ZLIB;
        }
    }

    /** QEMU counts a disk's size in whole sectors and ignores the rest. */
    static final int SECTOR = 512;

    /**
     * Large clusters compress better, small ones cost less to read at random. 256 KiB at level 1 is both faster to write and smaller than
     * 64 KiB at level 3, which is what QEMU writes; its tables take about 1.5 MiB, and a random read decodes 256 KiB.
     */
    static final int COMPRESSED_CLUSTER_BITS = 18;

    /** What QEMU uses for disks that are run from. */
    static final int PLAIN_CLUSTER_BITS = 16;

    private static final int ZSTD_DEFAULT = 1;
    private static final int ZLIB_DEFAULT = 2;

    /** @throws SnapshotException INVALID if an option is out of range */
    static WriterOptions of(ImageSpec spec) {
        Compression compression = spec.compression().orElse(Compression.parse("zstd"));
        Method method = method(compression);
        int level = level(method, compression);
        Geometry geometry = new Geometry(clusterBits(spec, method), false);
        requireSize(spec.virtualSize(), geometry);
        return new WriterOptions(spec.virtualSize(), geometry, method, level);
    }

    private static Method method(Compression compression) {
        return switch (compression.algorithm()) {
            case "zstd" -> Method.ZSTD;
            case "zlib" -> Method.ZLIB;
            case "none" -> Method.NONE;
            default ->
                throw SnapshotException.invalid(
                        "qcow2 compresses with zstd, zlib or none, not with '" + compression.algorithm() + "'");
        };
    }

    private static int level(Method method, Compression compression) {
        return switch (method) {
            case ZSTD -> within(-50, 19, compression.level().orElse(ZSTD_DEFAULT), "zstd");
            case ZLIB -> within(1, 9, compression.level().orElse(ZLIB_DEFAULT), "zlib");
            case NONE -> within(0, 0, compression.level().orElse(0), "none");
        };
    }

    private static int within(int least, int most, int level, String algorithm) {
        if (level < least || level > most || (level == 0 && least < 0)) {
            throw SnapshotException.invalid("the level of " + algorithm + " in qcow2 must be " + least + " to " + most
                    + (least < 0 ? " and not 0" : "") + ", got " + level);
        }
        return level;
    }

    private static int clusterBits(ImageSpec spec, Method method) {
        if (spec.clusterSize().isEmpty()) {
            return method == Method.NONE ? PLAIN_CLUSTER_BITS : COMPRESSED_CLUSTER_BITS;
        }
        int size = spec.clusterSize().getAsInt();
        int bits = Integer.numberOfTrailingZeros(size);
        if (bits < Geometry.FEWEST_BITS || bits > Geometry.MOST_BITS) {
            throw SnapshotException.invalid("the cluster size of qcow2 must be a power of two from "
                    + (1 << Geometry.FEWEST_BITS) + " to " + (1 << Geometry.MOST_BITS) + " bytes, got " + size);
        }
        return bits;
    }

    private static void requireSize(long size, Geometry geometry) {
        if (size > geometry.largestDisk()) {
            throw SnapshotException.invalid(
                    "with clusters of " + geometry.clusterSize() + " bytes a qcow2 disk can have at most "
                            + geometry.largestDisk() + " bytes, got " + size + "; choose larger clusters");
        }
    }

    /** The size in whole sectors. */
    long roundedSize() {
        return (virtualSize + SECTOR - 1) / SECTOR * SECTOR;
    }

    int clusterSize() {
        return geometry.clusterSize();
    }

    int chunkSize() {
        return Math.max(1 << 20, clusterSize());
    }

    /** At least one, because tools expect an L1 table also of an empty disk. */
    int l1Entries() {
        return (int) Math.max(1, geometry.l1Entries(virtualSize));
    }
}
