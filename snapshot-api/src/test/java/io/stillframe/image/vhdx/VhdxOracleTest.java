package io.stillframe.image.vhdx;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageChain;
import io.stillframe.image.ImageStream;
import io.stillframe.image.Images;
import io.stillframe.image.MemoryBlockSource;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.qcow2.Qemu;
import io.stillframe.image.qcow2.Writes;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCheck;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.contract.DiskAssert;
import io.stillframe.spi.contract.SeededDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
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

/** What QEMU's tools write reads here as QEMU reads it, and the other way round. */
class VhdxOracleTest {
    private static final long MIB = 1 << 20;
    private static final int SECTOR = 4096;

    @TempDir
    Path dir;

    @BeforeAll
    static void tools() {
        Qemu.assumeInstalled();
    }

    @ParameterizedTest(name = "{0}, {1} MiB, seed {2}")
    @CsvSource(
            delimiter = '|',
            value = {
                "subformat=dynamic,block_size=1M                      | 30   | 1",
                "subformat=dynamic                                    | 60   | 2",
                "subformat=dynamic,block_size=2M,block_state_zero=off | 30   | 3",
                "subformat=fixed,block_size=1M                        | 8    | 4",
                "subformat=dynamic,block_size=64M                     | 100  | 5",
            })
    void readsWhatQemuWrote(String options, long mebibytes, long seed) throws IOException {
        Path image = dir.resolve("image.vhdx");
        long size = mebibytes * MIB;
        Qemu.run("qemu-img", "create", "-q", "-f", "vhdx", "-o", options.strip(), image, size);
        Qemu.io(image, "vhdx", new Writes(seed, Math.min(size, 60 * MIB), 65536, false).commands(40));
        Qemu.io(image, "vhdx", List.of("write -P 77 " + (size - 512) + " 512"));
        assertReadsAsQemu(image, seed);
        Qemu.assertSound(image, "vhdx");
        assertThat(Images.check(image, Optional.of("vhdx"), new Cancellation()).clean())
                .isTrue();
    }

    private void assertReadsAsQemu(Path image, long seed) {
        Path raw = Qemu.flatten(image, "vhdx", dir.resolve("flat.raw"));
        try (BlockSource expected = open(raw, "raw");
                BlockSource actual = open(image, "vhdx")) {
            DiskAssert.assertSameDisk(actual, expected, seed);
        }
    }

    /** Behind every 4096 blocks of 1 MiB there is an entry of a bitmap in the table. */
    @Test
    void readsTheTableAroundTheBitmapsEntries() {
        Path image = dir.resolve("image.vhdx");
        Qemu.run("qemu-img", "create", "-q", "-f", "vhdx", "-o", "block_size=1M", image, 9000 * MIB);
        long[] positions = {4095 * MIB, 4096 * MIB, 8191 * MIB, 8192 * MIB, 8999 * MIB};
        for (int i = 0; i < positions.length; i++) {
            Qemu.io(image, "vhdx", List.of("write -P " + (i + 1) + " " + positions[i] + " 1M"));
        }
        try (BlockSource disk = open(image, "vhdx")) {
            for (int i = 0; i < positions.length; i++) {
                ByteBuffer bytes = ByteBuffer.allocate((int) MIB);
                disk.read(positions[i], bytes);
                assertThat(bytes.array()).containsOnly(i + 1);
            }
        }
    }

    /**
     * What QEMU wrote to its block allocation table after a moment goes into a log in place of there; QEMU then replays it, too. Of a log that
     * goes on at its beginning QEMU 7.2 replays the second part only, as it looks for the sequence whose first entry is the newest.
     */
    @ParameterizedTest
    @CsvSource({"0, 1, true", "1036288, 2, false", "409600, 3, true"})
    void replaysALogAsQemuDoes(int logStart, long seed, boolean byQemu) throws IOException {
        Path image = dir.resolve("image.vhdx");
        Qemu.run("qemu-img", "create", "-q", "-f", "vhdx", "-o", "block_size=1M", image, 3L << 30);
        Qemu.io(image, "vhdx", List.of("write -P 1 0 3M", "write -P 2 600M 64k"));
        byte[] before = Files.readAllBytes(image);
        Qemu.io(image, "vhdx", new Writes(seed, 40 * MIB, 65536, false).commands(10));
        Qemu.io(image, "vhdx", List.of("write -P 3 700M 100k", "write -P 4 1500M 512", "write -P 5 2900M 1M"));
        byte[] after = Files.readAllBytes(image);
        int table = (int) VhdxImage.read(new io.stillframe.spi.contract.CountingByteSource(after))
                .regions()
                .table()
                .offset();
        ByteBuffer dirty = ByteBuffer.wrap(after.clone());
        CraftedLog log = new CraftedLog(dirty, logStart, (7L << 32) - 1);
        log.zeros(table, SECTOR).sector(table + SECTOR, new byte[SECTOR]).entry();
        for (int at = table; at < table + MIB; at += SECTOR) {
            byte[] old = at < before.length ? Arrays.copyOfRange(before, at, at + SECTOR) : new byte[SECTOR];
            byte[] now = Arrays.copyOfRange(after, at, at + SECTOR);
            if (!Arrays.equals(old, now)) {
                log.sector(at, now).entry();
                dirty.put(at, old);
            } else if (at < table + 2 * SECTOR) {
                log.sector(at, now).entry();
            }
        }
        Path unclean = Files.write(dir.resolve("unclean.vhdx"), dirty.array());
        assertThat(Images.info(unclean, Optional.of("vhdx")).details()).containsEntry("dirty", "true");
        try (BlockSource actual = open(unclean, "vhdx");
                BlockSource expected = open(image, "vhdx")) {
            DiskAssert.assertSameDisk(actual, expected, seed);
        }
        assertThat(Files.readAllBytes(unclean)).isEqualTo(dirty.array());
        if (byQemu) {
            Qemu.run("qemu-img", "check", "-q", "-f", "vhdx", "-r", "all", unclean);
            Qemu.run("qemu-img", "compare", "-f", "vhdx", "-F", "vhdx", image, unclean);
            assertThat(Images.info(unclean, Optional.of("vhdx")).details()).containsEntry("dirty", "false");
        }
    }

    @ParameterizedTest(name = "blocks of {0}, {1} bytes")
    @CsvSource({"2097152, 512", "2097152, 11535872", "1048576, 9438208", "33554432, 5242880"})
    void qemuReadsWhatIsWritten(int block, long size) throws IOException {
        BlockSource disk = SeededDisk.dense(size, size);
        ImageSpec spec = ImageSpec.ofSize(size).withClusterSize(block);
        Path image = write(disk, spec);
        assertQemuAgrees(image, disk, size);
        assertThat(VhdxCodec.measure(spec, disk)).isGreaterThanOrEqualTo(Files.size(image));
    }

    @ParameterizedTest
    @CsvSource({"1, 512", "3146505, 3146752"})
    void qemuSeesOtherSizesRoundedUp(long size, long seen) throws IOException {
        BlockSource disk = SeededDisk.dense(size, size);
        assertQemuAgrees(write(disk, ImageSpec.ofSize(size)), disk, seen);
    }

    @ParameterizedTest
    @CsvSource({"16, 33554432, 4", "64, 134217728, 4", "1, 1048576, 9"})
    void aHugeDiskCostsItsDataAndTables(long tebibytes, int block, int tableMebibytes) throws IOException {
        BlockSource disk = SeededDisk.sparse(tebibytes << 40, 6, 5);
        ImageSpec plain = ImageSpec.ofSize(disk.size());
        Path image = write(disk, block == 1048576 ? plain.withClusterSize(block) : plain);
        assertThat(Files.size(image)).isLessThanOrEqualTo(12L * block + (3 + tableMebibytes + 1) * MIB);
        Qemu.assertSound(image, "vhdx");
        ImageCheck check = Images.check(image, Optional.of("vhdx"), new Cancellation());
        assertThat(check.clean()).isTrue();
        try (BlockSource opened = open(image, "vhdx")) {
            DiskAssert.assertSameDisk(opened, disk, 5);
        }
    }

    @Test
    void qemuReadsATableWithBitmapsEntries() {
        byte[] content = new byte[(int) MIB];
        Arrays.fill(content, (byte) 85);
        BlockSource disk = MemoryBlockSource.builder(6L << 30)
                .data(4095 * MIB, content)
                .data(4096 * MIB, content)
                .data(6143 * MIB, content)
                .build();
        Path image = write(disk, ImageSpec.ofSize(disk.size()).withClusterSize((int) MIB));
        Qemu.assertSound(image, "vhdx");
        String read = Qemu.run(
                "qemu-io",
                "-r",
                "-f",
                "vhdx",
                "-c",
                "read -P 85 4095M 2M",
                "-c",
                "read -P 85 6143M 1M",
                "-c",
                "read -P 0 4097M 20M",
                image);
        assertThat(read).doesNotContain("verification failed").contains("read 2097152/2097152");
    }

    @Test
    void anImageThatWasWrittenCanBeRunFrom() throws IOException {
        long size = 30 * MIB;
        Path image = write(SeededDisk.sparse(size, 4, 9), ImageSpec.ofSize(size));
        Qemu.io(image, "vhdx", new Writes(9, size, 65536, false).commands(40));
        Qemu.assertSound(image, "vhdx");
        assertReadsAsQemu(image, 9);
    }

    private void assertQemuAgrees(Path image, BlockSource disk, long seen) throws IOException {
        Qemu.assertSound(image, "vhdx");
        assertThat(Qemu.run("qemu-img", "info", "-f", "vhdx", "--output=json", image))
                .contains("\"virtual-size\": " + seen + ",");
        Qemu.assertSame(image, "vhdx", disk, dir);
    }

    private Path write(BlockSource disk, ImageSpec spec) {
        Path image = dir.resolve("written.vhdx");
        try (ImageWriter writer = new VhdxCodec().newWriter(spec);
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
