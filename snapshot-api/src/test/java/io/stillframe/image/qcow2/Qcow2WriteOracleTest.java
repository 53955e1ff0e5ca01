package io.stillframe.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.DiskCopy;
import io.stillframe.image.FileByteSource;
import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageChain;
import io.stillframe.image.ImageStream;
import io.stillframe.image.Images;
import io.stillframe.image.MemoryBlockSource;
import io.stillframe.image.Qcow2FileTarget;
import io.stillframe.image.StockTools;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.Compression;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCheck;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.contract.DiskAssert;
import io.stillframe.spi.contract.SeededDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** QEMU's tools find what is written here sound, and read it as it was. */
class Qcow2WriteOracleTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path dir;

    @BeforeAll
    static void tools() {
        Qemu.assumeInstalled();
    }

    @ParameterizedTest(name = "{0}, clusters of {1}, seed {2}")
    @CsvSource({
        "zstd,    262144, 1", "zstd:3,      512, 2", "zstd:-5, 65536, 3", "zstd:19,    4096, 4", "zstd,   2097152, 5",
        "zlib,    262144, 6", "zlib:9,      512, 7", "zlib:1,  65536, 8", "zlib,       4096, 9", "zlib,   2097152, 10",
        "none,     65536, 11", "none,       512, 12", "none, 2097152, 13", "zstd,    1048576, 14", "zlib,  1048576, 15",
    })
    void qemuReadsWhatIsWritten(String compression, int clusterSize, long seed) throws IOException {
        for (long size : new long[] {0, 512, 11 * MIB + 1536}) {
            assertQemuAgrees(SeededDisk.dense(size, seed), spec(size, compression, clusterSize));
        }
    }

    /** Incompressible clusters between compressible ones are framed instead of aligned; zstd and zlib in their own ways. */
    @ParameterizedTest
    @CsvSource({
        "zstd, 262144",
        "zstd, 65536",
        "zstd, 2097152",
        "zlib, 262144",
        "zlib, 65536",
        "zlib, 2097152",
        "zlib, 512"
    })
    void qemuReadsIncompressibleClustersAmongOthers(String compression, int clusterSize) throws IOException {
        Random random = new Random(clusterSize);
        byte[] content = new byte[(int) (24 * MIB)];
        random.nextBytes(content);
        for (int at = 0; at < content.length; at += clusterSize) {
            if (random.nextInt(3) == 0) {
                java.util.Arrays.fill(content, at, at + clusterSize - random.nextInt(clusterSize / 2), (byte) 'x');
            }
        }
        BlockSource disk =
                MemoryBlockSource.builder(content.length).data(0, content).build();
        long stored = assertQemuAgrees(disk, spec(disk.size(), compression, clusterSize));
        assertThat(stored).isLessThan(content.length * 4L / 5 + 8L * clusterSize);
    }

    /** Thousands of tiny clusters share one host cluster: refcounts stay below their limit. */
    @ParameterizedTest
    @CsvSource({"zstd, 65536", "zlib, 65536", "zstd, 2097152", "zstd, 512"})
    void qemuReadsTinyClusters(String compression, int clusterSize) throws IOException {
        byte[] content = new byte[(int) (64 * MIB)];
        java.util.Arrays.fill(content, (byte) 0xe5);
        BlockSource disk =
                MemoryBlockSource.builder(content.length).data(0, content).build();
        assertQemuAgrees(disk, spec(disk.size(), compression, clusterSize));
    }

    @ParameterizedTest
    @CsvSource({"1", "511", "513", "65537", "3146505"})
    void qemuSeesOddSizesRoundedUp(long size) throws IOException {
        BlockSource disk = SeededDisk.dense(size, size);
        Path image = write(disk, ImageSpec.ofSize(size));
        Qemu.assertSound(image);
        byte[] seen = Files.readAllBytes(Qemu.flatten(image, dir.resolve("flat.raw")));
        assertThat(seen).hasSize((int) ((size + 511) / 512 * 512));
        ByteBuffer expected = ByteBuffer.allocate(seen.length);
        disk.read(0, expected.limit((int) size));
        assertThat(seen).isEqualTo(expected.array());
    }

    @ParameterizedTest
    @CsvSource({"zstd, 262144", "none, 65536", "zlib, 2097152", "zstd, 65536"})
    void aDiskOf16TebibytesCostsItsDataAndTables(String compression, int clusterSize) throws IOException {
        BlockSource disk = SeededDisk.sparse(16L << 40, 40, 5);
        ImageSpec spec = spec(disk.size(), compression, clusterSize);
        Path image = write(disk, spec);
        assertThat(Files.size(image)).isLessThan(40L * (2L * clusterSize + MIB) + 16 * MIB);
        assertThat(Qcow2Codec.measure(spec, disk)).isGreaterThanOrEqualTo(Files.size(image));
        Qemu.assertSound(image);
        assertOwnCheckClean(image);
        try (BlockSource opened = open(image)) {
            DiskAssert.assertSameDisk(opened, disk, 5);
        }
    }

    @Test
    void qemuReadsARealFileSystem() throws IOException {
        StockTools.require("mke2fs");
        Path tree = Files.createDirectory(dir.resolve("tree"));
        Random random = new Random(3);
        for (int i = 0; i < 40; i++) {
            byte[] file = new byte[random.nextInt(300_000)];
            random.nextBytes(file);
            String text = "line " + i + "\n";
            Files.write(tree.resolve("random" + i), file);
            Files.writeString(tree.resolve("text" + i), text.repeat(random.nextInt(20_000)));
        }
        Path raw = dir.resolve("disk.raw");
        Files.write(raw, new byte[0]);
        Qemu.run("mke2fs", "-q", "-t", "ext4", "-d", tree, raw, "64M");
        try (BlockSource disk = ImageChain.open(List.of(new ImageLayer(raw.toString(), "raw")))) {
            assertQemuAgrees(disk, ImageSpec.ofSize(disk.size()));
            assertQemuAgrees(disk, spec(disk.size(), "zlib", 65536));
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "512, 2", "9438208, 3", "104857600, 4"})
    void aFilledDiskIsSoundAndCanBeRunFrom(long size, long seed) throws IOException {
        BlockSource disk = SeededDisk.dense(Math.min(size, 30 * MIB), seed);
        Path image = dir.resolve("disk.qcow2");
        try (Qcow2FileTarget target = Qcow2FileTarget.create(image, size)) {
            DiskCopy.run(disk, target, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            target.finish();
        }
        Qemu.assertSound(image);
        assertOwnCheckClean(image);
        try (BlockSource opened = open(image)) {
            assertThat(opened.size()).isEqualTo(size);
            DiskAssert.assertSameRange(opened, disk, new io.stillframe.model.ByteRange(0, disk.size()));
        }
        if (size > 0) {
            Qemu.io(image, "qcow2", new Writes(seed, size, 65536, false).commands(40));
            Qemu.assertSound(image);
        }
    }

    @Test
    void aFilledDiskTakesUnalignedWritesAndLeavesNothingUnfinished() throws IOException {
        BlockSource disk = SeededDisk.dense(7 * MIB, 77);
        byte[] content = SeededDisk.bytes(disk, new io.stillframe.model.ByteRange(0, disk.size()));
        Path image = dir.resolve("disk.qcow2");
        try (Qcow2FileTarget target = Qcow2FileTarget.create(image, disk.size())) {
            Random random = new Random(78);
            for (int at = 0; at < content.length; ) {
                int length = Math.min(content.length - at, 1 + random.nextInt(200_000));
                target.write(at, ByteBuffer.wrap(content, at, length));
                at += length;
            }
            target.finish();
        }
        Qemu.assertSound(image);
        Qemu.assertSame(image, disk, dir);
        Path unfinished = dir.resolve("unfinished.qcow2");
        try (Qcow2FileTarget target = Qcow2FileTarget.create(unfinished, MIB)) {
            target.write(0, ByteBuffer.wrap(content, 0, 1000));
        }
        assertThat(unfinished).doesNotExist();
    }

    private long assertQemuAgrees(BlockSource disk, ImageSpec spec) throws IOException {
        Path image = write(disk, spec);
        Qemu.assertSound(image);
        Qemu.assertSame(image, disk, dir);
        assertOwnCheckClean(image);
        assertThat(Qcow2Codec.measure(spec, disk)).isGreaterThanOrEqualTo(Files.size(image));
        return Files.size(image);
    }

    private Path write(BlockSource disk, ImageSpec spec) {
        Path image = dir.resolve("image.qcow2");
        try (ImageWriter writer = new Qcow2Codec().newWriter(spec);
                FileTarget target = FileTarget.create(image)) {
            ImageStream.run(
                    disk, writer, target, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            target.publish();
        }
        return image;
    }

    private static BlockSource open(Path image) {
        Qcow2Codec codec = new Qcow2Codec();
        return codec.open(List.of(new ImageCodec.Layer(FileByteSource.open(image), codec)));
    }

    private static void assertOwnCheckClean(Path image) {
        ImageCheck check = Images.check(image, Optional.of("qcow2"), new Cancellation());
        assertThat(check.corruptions()).isEmpty();
        assertThat(check.leaks()).isEmpty();
    }

    private static ImageSpec spec(long size, String compression, int clusterSize) {
        return ImageSpec.ofSize(size)
                .withCompression(Compression.parse(compression))
                .withClusterSize(clusterSize);
    }
}
