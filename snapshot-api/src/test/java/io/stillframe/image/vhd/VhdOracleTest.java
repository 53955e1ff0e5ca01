package io.stillframe.image.vhd;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageChain;
import io.stillframe.image.ImageStream;
import io.stillframe.image.Images;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.qcow2.Qemu;
import io.stillframe.image.qcow2.Writes;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.contract.DiskAssert;
import io.stillframe.spi.contract.SeededDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What QEMU's tools write reads here as QEMU reads it, and the other way round. */
class VhdOracleTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path dir;

    @BeforeAll
    static void tools() {
        Qemu.assumeInstalled();
    }

    @ParameterizedTest(name = "{0}, {1} bytes, seed {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "subformat=dynamic                | 20972032  | 1",
                "subformat=dynamic,force_size=on  | 20972032  | 2",
                "subformat=fixed                  | 9437696   | 3",
                "subformat=fixed,force_size=on    | 9438208   | 4",
                "subformat=dynamic,force_size=on  | 512       | 5",
            })
    void readsWhatQemuWrote(String options, long asked, long seed) throws IOException {
        Path image = dir.resolve("image.vhd");
        Qemu.run("qemu-img", "create", "-q", "-f", "vpc", "-o", options.strip(), image, asked);
        long size = Images.info(image, Optional.of("vhd")).virtualSize();
        Qemu.io(image, "vpc", new Writes(seed, Math.min(size, 60 * MIB), 65536, false).commands(40));
        Qemu.io(image, "vpc", List.of("write -P 77 " + (size - 512) + " 512"));
        assertReadsAsQemu(image, seed);
    }

    @ParameterizedTest
    @CsvSource({"1000000", "600000000", "9000000000", "136899993600", "1099511627776", "2190433320960"})
    void sizesADiskAsQemuDoes(long asked) {
        Path image = dir.resolve("image.vhd");
        Qemu.run("qemu-img", "create", "-q", "-f", "vpc", image, asked);
        assertQemuSees(image, Images.info(image, Optional.of("vhd")).virtualSize());
    }

    private void assertReadsAsQemu(Path image, long seed) {
        Path raw = Qemu.flatten(image, "vpc", dir.resolve("flat.raw"));
        try (BlockSource expected = open(raw, "raw");
                BlockSource actual = open(image, "vhd")) {
            DiskAssert.assertSameDisk(actual, expected, seed);
        }
        assertThat(Images.check(image, Optional.of("vhd"), new Cancellation()).clean())
                .isTrue();
    }

    @ParameterizedTest(name = "{0} with units of {1}, {2} bytes")
    @CsvSource({
        "vhd, 2097152, 0",
        "vhd, 2097152, 512",
        "vhd, 2097152, 11535872",
        "vhd, 524288, 9438208",
        "vhd, 16777216, 5242880",
        "vhd-fixed, 512, 512",
        "vhd-fixed, 512, 11535872",
    })
    void qemuReadsWhatIsWritten(String format, int unit, long size) throws IOException {
        BlockSource disk = SeededDisk.dense(size, size);
        Path image = write(disk, format, ImageSpec.ofSize(size).withClusterSize(unit));
        assertQemuSees(image, size);
        Qemu.assertSame(image, "vpc", disk, dir);
        if (format.equals("vhd")) {
            ImageSpec spec = ImageSpec.ofSize(size).withClusterSize(unit);
            assertThat(VhdCodec.measure(spec, disk)).isGreaterThanOrEqualTo(Files.size(image));
        }
    }

    @ParameterizedTest
    @CsvSource({"vhd, 524288, 1, 512", "vhd, 524288, 3146505, 3146752", "vhd-fixed, 1048576, 3146505, 4194304"})
    void qemuSeesOtherSizesRoundedUp(String format, int unit, long size, long seen) throws IOException {
        BlockSource disk = SeededDisk.dense(size, size);
        Path image = write(disk, format, ImageSpec.ofSize(size).withClusterSize(unit));
        assertQemuSees(image, seen);
        Qemu.assertSame(image, "vpc", disk, dir);
    }

    @Test
    void theLargestDiskCostsItsDataAndTables() throws IOException {
        BlockSource disk = SeededDisk.sparse(2040L << 30, 12, 5);
        Path image = write(disk, "vhd", ImageSpec.ofSize(disk.size()));
        assertThat(Files.size(image)).isLessThan(5 * MIB + 24 * (2 * MIB + 4608));
        assertQemuSees(image, disk.size());
        Qemu.assertSame(image, "vpc", disk, dir);
        try (BlockSource opened = open(image, "vhd")) {
            DiskAssert.assertSameDisk(opened, disk, 5);
        }
    }

    @Test
    void anImageThatWasWrittenCanBeRunFrom() throws IOException {
        long size = 30 * MIB + 512;
        Path image = write(SeededDisk.sparse(size, 4, 9), "vhd", ImageSpec.ofSize(size));
        Qemu.io(image, "vpc", new Writes(9, size, 65536, false).commands(40));
        assertReadsAsQemu(image, 9);
    }

    private static void assertQemuSees(Path image, long size) {
        assertThat(Qemu.run("qemu-img", "info", "-f", "vpc", "--output=json", image))
                .contains("\"virtual-size\": " + size + ",");
    }

    private Path write(BlockSource disk, String format, ImageSpec spec) {
        Path image = dir.resolve("written.vhd");
        ImageCodec codec = Plugins.codec(format);
        try (ImageWriter writer = codec.newWriter(spec);
                FileTarget target = FileTarget.create(image)) {
            ImageStream.run(
                    disk, writer, target, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            target.publish();
        }
        return image;
    }

    private static BlockSource open(Path file, String format) {
        return ImageChain.open(List.of(new ImageLayer(file.toString(), format)));
    }
}
