package io.stillframe.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.image.ImageChain;
import io.stillframe.image.Images;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCheck;
import io.stillframe.spi.ImageInfo;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.contract.DiskAssert;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What QEMU's tools wrote with seeded random patterns reads here as QEMU reads it. */
class Qcow2ReadOracleTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path dir;

    @BeforeAll
    static void tools() {
        Qemu.assumeInstalled();
    }

    @ParameterizedTest(name = "{0} with seed {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                "cluster_size=512,compat=0.10                                     |   512 |  3 | 1",
                "cluster_size=512,refcount_bits=1                                 |   512 |  2 | 2",
                "cluster_size=4096,compat=0.10                                    |  4096 |  9 | 3",
                "cluster_size=4096,refcount_bits=2                                |  4096 |  9 | 4",
                "cluster_size=64k,refcount_bits=64                                | 65536 | 40 | 5",
                "cluster_size=64k,compression_type=zstd                           | 65536 | 40 | 6",
                "cluster_size=64k,compat=0.10                                     | 65536 | 40 | 7",
                "cluster_size=2M,compression_type=zstd                            | 2097152 | 60 | 8",
                "cluster_size=2M                                                  | 2097152 | 60 | 9",
                "cluster_size=16k,extended_l2=on                                  | 16384 | 20 | 10",
                "cluster_size=64k,extended_l2=on,compression_type=zstd            | 65536 | 40 | 11",
                "cluster_size=2M,extended_l2=on                                   | 2097152 | 60 | 12",
                "cluster_size=64k,lazy_refcounts=on,refcount_bits=4               | 65536 | 20 | 13",
                "cluster_size=64k,preallocation=metadata                          | 65536 | 20 | 14",
                "cluster_size=4k,preallocation=falloc                             |  4096 |  9 | 15",
                "cluster_size=64k,preallocation=full                              | 65536 |  9 | 16",
                "cluster_size=64k,preallocation=metadata,extended_l2=on           | 65536 | 20 | 17",
            })
    void readsWhatQemuWrote(String options, int clusterSize, int mebibytes, long seed) throws IOException {
        Path image = dir.resolve("image.qcow2");
        long size = mebibytes * MIB + (seed % 4) * 512;
        Qemu.create(image, options.strip(), size);
        boolean compressed = !options.contains("preallocation");
        Qemu.io(image, "qcow2", new Writes(seed, size, clusterSize, compressed).commands(60));
        assertReadsAsQemu(image, List.of(layer(image)), seed);
        assertCheckAgrees(image);
    }

    @ParameterizedTest(name = "a base of {1} MiB in {0} under an overlay with {2}, seed {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                "raw   | 10 |                                  | 1",
                "raw   | 40 | cluster_size=2M                  | 2",
                "qcow2 | 10 | extended_l2=on                   | 3",
                "qcow2 | 40 | compat=0.10                      | 4",
                "qcow2 | 20 | cluster_size=4k                  | 5",
                "raw   | 13 | extended_l2=on,cluster_size=128k | 6",
            })
    void readsBackingChains(String baseFormat, int baseMebibytes, String options, long seed) throws IOException {
        long size = 20 * MIB + 1024;
        long baseSize = baseMebibytes * MIB + 512;
        Path base = dir.resolve("base");
        Qemu.run("qemu-img", "create", "-q", "-f", baseFormat, base, baseSize);
        Qemu.io(base, baseFormat, new Writes(seed, baseSize, 65536, false).commands(40));
        Path middle = overlay("middle", base, baseFormat, options, size / 2 + 512, seed + 100);
        Path top = overlay("top", middle, "qcow2", options, size, seed + 200);
        assertReadsAsQemu(top, List.of(layer(top), layer(middle), new ImageLayer(base.toString(), baseFormat)), seed);
        ImageInfo info = Images.info(top, Optional.of("qcow2"));
        assertThat(info.backing()).contains(new ImageLayer(middle.toString(), "qcow2"));
    }

    private Path overlay(String name, Path below, String belowFormat, String options, long size, long seed) {
        Path image = dir.resolve(name);
        String all = "backing_file=" + below + ",backing_fmt=" + belowFormat + (options == null ? "" : "," + options);
        Qemu.create(image, all, size);
        Qemu.io(image, "qcow2", new Writes(seed, size, 65536, false).commands(30));
        return image;
    }

    @Test
    void takesADeclaredBackingLayerThatTheImageDoesNotName() throws IOException {
        Path base = dir.resolve("base.raw");
        Files.write(base, filled(3 * MIB, 7));
        Path top = dir.resolve("top");
        Qemu.create(top, "", 4 * MIB);
        Qemu.io(top, "qcow2", List.of("write -P 9 1M 64k"));
        try (BlockSource disk = ImageChain.open(List.of(layer(top), new ImageLayer(base.toString(), "raw")))) {
            java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate((int) disk.size());
            disk.read(0, bytes);
            assertThat(bytes.get(0)).isEqualTo((byte) 7);
            assertThat(bytes.get((int) MIB)).isEqualTo((byte) 9);
            assertThat(bytes.get((int) (3 * MIB))).isEqualTo((byte) 0);
        }
    }

    @Test
    void refusesABackingFileThatIsNotDeclared() {
        Path base = dir.resolve("base");
        Qemu.create(base, "", MIB);
        Path top = dir.resolve("top");
        Qemu.create(top, "backing_file=" + base + ",backing_fmt=qcow2", MIB);
        assertRefused(top, SnapshotException.Kind.UNSUPPORTED, "backing file");
    }

    @Test
    void refusesEncryptionAndExternalDataFiles() throws IOException {
        Path luks = dir.resolve("luks");
        Qemu.run(
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "--object",
                "secret,id=s,data=secret",
                "-o",
                "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
                luks,
                MIB);
        assertRefused(luks, SnapshotException.Kind.UNSUPPORTED, "encrypted");
        Path external = dir.resolve("external");
        Qemu.create(external, "data_file=" + dir.resolve("data.raw"), MIB);
        assertRefused(external, SnapshotException.Kind.UNSUPPORTED, "external data file");
    }

    @Test
    void readsTheActiveLayerOfAnImageWithInternalSnapshots() throws IOException {
        Path image = dir.resolve("image");
        Qemu.create(image, "", 20 * MIB);
        for (int i = 0; i < 3; i++) {
            Qemu.io(image, "qcow2", new Writes(50 + i, 20 * MIB, 65536, i == 0).commands(25));
            Qemu.run("qemu-img", "snapshot", "-c", "s" + i, image);
        }
        Qemu.io(image, "qcow2", new Writes(60, 20 * MIB, 65536, false).commands(25));
        assertReadsAsQemu(image, List.of(layer(image)), 60);
        assertCheckAgrees(image);
        assertThat(Images.info(image, Optional.of("qcow2")).details()).containsEntry("internal-snapshots", "3");
    }

    @Test
    void readsAndDescribesAnImageWithBitmaps() throws IOException {
        Path image = dir.resolve("image");
        Qemu.create(image, "", 20 * MIB);
        Qemu.run("qemu-img", "bitmap", "--add", image, "backup-1");
        Qemu.run("qemu-img", "bitmap", "--add", "-g", "1M", image, "backup-2");
        Qemu.io(image, "qcow2", new Writes(70, 20 * MIB, 65536, true).commands(25));
        assertReadsAsQemu(image, List.of(layer(image)), 70);
        assertCheckAgrees(image);
        assertThat(Images.info(image, Optional.of("qcow2")).details())
                .containsEntry("bitmaps", "backup-1, backup-2")
                .containsEntry("bitmaps-consistent", "true");
    }

    @Test
    void readsAnImageThatWasNotClosedCleanly() throws IOException {
        Path image = dir.resolve("image");
        Qemu.create(image, "lazy_refcounts=on", 20 * MIB);
        Qemu.runAny("qemu-io", "-f", "qcow2", "-c", "write -P 5 1M 3M", "-c", "flush", "-c", "abort", image);
        assertThat(Images.info(image, Optional.of("qcow2")).details()).containsEntry("dirty", "true");
        try (BlockSource disk = ImageChain.open(List.of(layer(image)))) {
            java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate((int) (3 * MIB));
            disk.read(MIB, bytes);
            assertThat(bytes.array()).isEqualTo(filled(3 * MIB, 5));
        }
        assertThat(Images.check(image, Optional.of("qcow2"), new Cancellation()).clean())
                .isFalse();
    }

    @Test
    void refusesAnImageThatIsMarkedCorrupt() throws IOException {
        Path image = dir.resolve("image");
        Qemu.create(image, "", MIB);
        byte[] bytes = Files.readAllBytes(image);
        bytes[79] |= 2;
        Files.write(image, bytes);
        assertRefused(image, SnapshotException.Kind.CORRUPT, "marked corrupt");
    }

    @Test
    void namesUnknownIncompatibleFeatures() throws IOException {
        Path image = dir.resolve("image");
        Qemu.create(image, "", MIB);
        byte[] bytes = Files.readAllBytes(image);
        bytes[78] |= 4;
        Files.write(image, bytes);
        assertRefused(image, SnapshotException.Kind.UNSUPPORTED, "bit 10");
    }

    private void assertReadsAsQemu(Path image, List<ImageLayer> chain, long seed) throws IOException {
        Path raw = Qemu.flatten(image, dir.resolve("flat.raw"));
        try (BlockSource expected = ImageChain.open(List.of(new ImageLayer(raw.toString(), "raw")));
                BlockSource actual = ImageChain.open(chain)) {
            DiskAssert.assertSameDisk(actual, expected, seed);
        }
    }

    private void assertCheckAgrees(Path image) {
        Qemu.assertSound(image);
        ImageCheck check = Images.check(image, Optional.of("qcow2"), new Cancellation());
        assertThat(check.corruptions()).isEmpty();
        assertThat(check.leaks()).isEmpty();
    }

    private static void assertRefused(Path image, SnapshotException.Kind kind, String mentions) {
        assertThatThrownBy(() -> ImageChain.open(List.of(layer(image))))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(mentions);
    }

    private static ImageLayer layer(Path image) {
        return new ImageLayer(image.toString(), "qcow2");
    }

    private static byte[] filled(long length, int value) {
        byte[] bytes = new byte[(int) length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
