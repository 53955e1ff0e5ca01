package io.stillframe.image.vmdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.image.ConvertRequest;
import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageChain;
import io.stillframe.image.ImageInput;
import io.stillframe.image.ImageOutput;
import io.stillframe.image.ImageStream;
import io.stillframe.image.Images;
import io.stillframe.image.MemoryBlockSource;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.qcow2.Qemu;
import io.stillframe.image.qcow2.Writes;
import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCheck;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.contract.DiskAssert;
import io.stillframe.spi.contract.SeededDisk;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** QEMU's tools read what is written here, and what they write is read here, as the same disks. */
class VmdkOracleTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path dir;

    @BeforeAll
    static void tools() {
        Qemu.assumeInstalled();
    }

    // Reading

    @ParameterizedTest(name = "{0}, {1} bytes, seed {2}")
    @CsvSource({
        "'subformat=monolithicSparse',                  9437696, 1",
        "'subformat=monolithicSparse,zeroed_grain=on', 41943552, 2",
        "'subformat=monolithicSparse,compat6=on',      41943040, 3",
        "'subformat=monolithicSparse',                     1536, 4",
        "'subformat=monolithicSparse,adapter_type=lsilogic', 70000128, 5",
    })
    void readsWhatQemuWrote(String options, long size, long seed) {
        Path image = dir.resolve("image.vmdk");
        Qemu.run("qemu-img", "create", "-q", "-f", "vmdk", "-o", options, image, size);
        Qemu.io(image, "vmdk", new Writes(seed, size, 65536, false).commands(60));
        assertReadsAsQemu(image, seed);
    }

    @ParameterizedTest(name = "{0}, {1} bytes, seed {2}")
    @CsvSource({
        "streamOptimized,   9437696, 6",
        "streamOptimized,  70000128, 7",
        "streamOptimized,      1536, 8",
        "streamOptimized,  33554432, 9",
        "monolithicSparse, 41943552, 10",
    })
    void readsWhatQemuConverted(String subformat, long size, long seed) {
        Path raw = dir.resolve("raw");
        Qemu.run("qemu-img", "create", "-q", "-f", "raw", raw, size);
        Qemu.io(raw, "raw", new Writes(seed, size, 65536, false).commands(60));
        Path image = dir.resolve("image.vmdk");
        Qemu.run("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=" + subformat, raw, image);
        assertReadsAsQemu(image, seed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"monolithicSparse", "streamOptimized"})
    void readsQemusEmptyDiskOf16TebibytesFromItsTables(String subformat) {
        Path image = dir.resolve("image.vmdk");
        Qemu.run("qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=" + subformat, image, 16L << 40);
        if (subformat.equals("monolithicSparse")) {
            Qemu.io(image, "vmdk", List.of("write -P 7 15T 64k"));
        }
        List<io.stillframe.spi.Extent> extents = new ArrayList<>();
        Images.map(ImageInput.file(image, "vmdk"), new Cancellation(), extents::add);
        assertThat(extents).hasSize(subformat.equals("monolithicSparse") ? 3 : 1);
    }

    @Test
    void readsTheEmptyDiskThatQemuItselfCannotOpenAgain() {
        Path image = dir.resolve("image.vmdk");
        Qemu.runAny("qemu-img", "create", "-q", "-f", "vmdk", image, 0);
        assertThat(Images.info(image, Optional.empty()).virtualSize()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"})
    void refusesDisksInSeveralFilesByName(String subformat) {
        Path image = dir.resolve("image.vmdk");
        Qemu.run("qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=" + subformat, image, MIB);
        assertThat(Images.probe(image)).isEqualTo("vmdk");
        assertRefused(image, subformat);
    }

    @Test
    void refusesAPartOfASplitDisk() {
        Path image = dir.resolve("image.vmdk");
        Qemu.run("qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=twoGbMaxExtentSparse", image, MIB);
        assertRefused(dir.resolve("image-s001.vmdk"), "split");
    }

    @Test
    void refusesADiskWithAParentAndNeverOpensIt() {
        Path parent = dir.resolve("parent.vmdk");
        Qemu.run("qemu-img", "create", "-q", "-f", "vmdk", parent, MIB);
        Path child = dir.resolve("child.vmdk");
        Qemu.run("qemu-img", "create", "-q", "-f", "vmdk", "-b", parent, "-F", "vmdk", child);
        assertRefused(child, "parent");
    }

    private static void assertRefused(Path image, String mentions) {
        assertThatThrownBy(() -> open(image))
                .isInstanceOfSatisfying(
                        SnapshotException.class,
                        e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.UNSUPPORTED))
                .hasMessageContaining(mentions);
    }

    private void assertReadsAsQemu(Path image, long seed) {
        Path raw = Qemu.flatten(image, "vmdk", dir.resolve("flat.raw"));
        try (BlockSource expected = ImageChain.open(List.of(new ImageLayer(raw.toString(), "raw")));
                BlockSource actual = open(image)) {
            DiskAssert.assertSameDisk(actual, expected, seed);
        }
        Qemu.assertSound(image, "vmdk");
        assertOwnCheckClean(image);
    }

    // Writing

    @ParameterizedTest(name = "{0}, seed {1}")
    @CsvSource({"zlib, 1", "zlib:9, 2", "zlib:1, 3", "none, 4"})
    void qemuReadsWhatIsWritten(String compression, long seed) throws IOException {
        for (long size : new long[] {512, 65536, 11 * MIB + 1536, 33 * MIB}) {
            assertQemuAgrees(SeededDisk.dense(size, seed), spec(size, compression));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 511, 513, 65537, 3146505})
    void qemuSeesOddSizesRoundedUp(long size) throws IOException {
        BlockSource disk = SeededDisk.dense(size, size);
        Path image = write(disk, ImageSpec.ofSize(size));
        Qemu.assertSound(image, "vmdk");
        byte[] seen = Files.readAllBytes(Qemu.flatten(image, "vmdk", dir.resolve("flat.raw")));
        assertThat(seen).hasSize((int) Math.max(512, (size + 511) / 512 * 512));
        ByteBuffer expected = ByteBuffer.allocate(seen.length);
        disk.read(0, expected.limit((int) size));
        assertThat(seen).isEqualTo(expected.array());
        assertThat(Images.info(image, Optional.of("vmdk")).virtualSize()).isEqualTo(size);
    }

    @Test
    void aDiskOf16TebibytesCostsItsDataAndTables() {
        long size = 16L << 40;
        long[] places = {0, 5L << 40, (5L << 40) + 64 * MIB, size - 65536};
        MemoryBlockSource.Builder builder = MemoryBlockSource.builder(size);
        byte[] grain = new byte[65536];
        for (int i = 0; i < places.length; i++) {
            Arrays.fill(grain, (byte) (i + 1));
            builder.data(places[i], grain);
        }
        BlockSource disk = builder.build();
        ImageSpec spec = ImageSpec.ofSize(size);
        Path image = write(disk, spec);
        assertThat(image.toFile().length()).isLessThan(3 * MIB);
        assertThat(VmdkCodec.measure(spec, disk))
                .isGreaterThanOrEqualTo(image.toFile().length());
        for (int i = 0; i < places.length; i++) {
            String read = "read -P " + (i + 1) + " " + places[i] + " 65536";
            assertThat(Qemu.run("qemu-io", "-r", "-f", "vmdk", "-c", read, image))
                    .doesNotContain("failed");
        }
        assertOwnCheckClean(image);
        try (BlockSource opened = open(image)) {
            DiskAssert.assertSameDisk(opened, disk, 5);
        }
    }

    @Test
    void qemuReadsIncompressibleData() throws IOException {
        byte[] content = new byte[(int) (5 * MIB + 512)];
        new java.util.Random(3).nextBytes(content);
        BlockSource disk =
                MemoryBlockSource.builder(content.length).data(0, content).build();
        assertQemuAgrees(disk, ImageSpec.ofSize(disk.size()));
    }

    @Test
    void whatGoesToAPipeIsWhatGoesToAFile() throws IOException {
        BlockSource disk = SeededDisk.dense(5 * MIB, 8);
        Path file = write(disk, ImageSpec.ofSize(disk.size()));
        Path piped = dir.resolve("piped.vmdk");
        try (OutputStream out = Files.newOutputStream(piped)) {
            Images.convert(
                    ConvertRequest.of(ImageInput.file(file, "vmdk"), new ImageOutput.Pipe(out), "vmdk"),
                    StreamSettings.ofDefaults(),
                    new Cancellation(),
                    StreamListener.none());
        }
        assertThat(piped).hasSameBinaryContentAs(file);
    }

    private void assertQemuAgrees(BlockSource disk, ImageSpec spec) throws IOException {
        Path image = write(disk, spec);
        Qemu.assertSound(image, "vmdk");
        Qemu.assertSame(image, "vmdk", disk, dir);
        assertOwnCheckClean(image);
        assertThat(VmdkCodec.measure(spec, disk)).isGreaterThanOrEqualTo(Files.size(image));
    }

    private Path write(BlockSource disk, ImageSpec spec) {
        Path image = dir.resolve("image.vmdk");
        try (ImageWriter writer = new VmdkCodec().newWriter(spec);
                FileTarget target = FileTarget.create(image)) {
            ImageStream.run(
                    disk, writer, target, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            target.publish();
        }
        return image;
    }

    private static BlockSource open(Path image) {
        return ImageChain.open(List.of(new ImageLayer(image.toString(), "vmdk")));
    }

    private static void assertOwnCheckClean(Path image) {
        ImageCheck check = Images.check(image, Optional.of("vmdk"), new Cancellation());
        assertThat(check.corruptions()).isEmpty();
        assertThat(check.leaks()).isEmpty();
    }

    private static ImageSpec spec(long size, String compression) {
        return ImageSpec.ofSize(size).withCompression(Compression.parse(compression));
    }
}
