package io.stillframe.image.pack;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.ConvertRequest;
import io.stillframe.image.FileByteSource;
import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageInput;
import io.stillframe.image.ImageOutput;
import io.stillframe.image.ImageStream;
import io.stillframe.image.Images;
import io.stillframe.image.MemoryBlockSource;
import io.stillframe.image.StockTools;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.contract.SeededDisk;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stock tools as oracle. */
class PackToolTest {
    private static final long GIB = 1L << 30;

    @TempDir
    private Path dir;

    @Test
    void zstdTestsListsAndRestoresFullPacks() throws Exception {
        StockTools.require("zstd");
        List<MemoryBlockSource> disks = List.of(
                SeededDisk.dense(0, 1),
                SeededDisk.dense(1, 2),
                SeededDisk.dense(7_654_321, 3),
                MemoryBlockSource.builder(5L << 20).build(),
                SeededDisk.sparse(GIB + 777, 9, 4));
        for (MemoryBlockSource disk : disks) {
            for (PackOptions options : List.of(PackOptions.ofDefaults(), Packs.SMALL.withLevel(9))) {
                assertRestores(disk, options);
            }
        }
    }

    private void assertRestores(MemoryBlockSource disk, PackOptions options) throws Exception {
        Path pack = dir.resolve("disk.pack");
        Path raw = dir.resolve("disk.raw");
        Path restored = dir.resolve("restored");
        write(disk, pack, options);
        Files.deleteIfExists(raw);
        Images.convert(
                ConvertRequest.of(ImageInput.file(pack, "pack"), new ImageOutput.File(raw), "raw"),
                StreamSettings.ofDefaults(),
                new Cancellation(),
                StreamListener.none());
        assertThat(Files.size(raw)).isEqualTo(disk.size());
        assertThat(run(0, "zstd", "-t", pack.toString())).contains("" + disk.size());
        assertThat(run(0, "zstd", "-l", "-v", pack.toString())).contains("Decompressed Size", "Skippable Frames");
        run(0, "zstd", "-d", "-q", "-f", "--sparse", pack.toString(), "-o", restored.toString());
        run(0, "cmp", raw.toString(), restored.toString());
    }

    @Test
    void zstdRefusesPacksThatAreNotTheWholeDisk() throws Exception {
        StockTools.require("zstd");
        MemoryBlockSource disk = SeededDisk.dense(3 << 20, 7);
        byte[] full = Packs.full(disk, PackOptions.ofDefaults());
        byte[] incremental = Packs.byContent(disk, Packs.open(full).disk()).pack();
        byte[] indexed = Packs.full(disk, PackOptions.ofDefaults().withZeros(PackOptions.ZeroRuns.INDEX));
        for (byte[] pack : List.of(incremental, indexed)) {
            assertThat(Packs.verify(pack, Optional.empty(), new VerifyScope.Everything())
                            .findings())
                    .isEmpty();
            Path file = Files.write(dir.resolve("part.pack"), pack);
            assertThat(run(
                            1,
                            "zstd",
                            "-d",
                            "-f",
                            file.toString(),
                            "-o",
                            dir.resolve("part").toString()))
                    .contains("Dictionary mismatch");
        }
    }

    @Test
    void qemuFindsTheConvertedImageIdentical() throws Exception {
        StockTools.require("qemu-img");
        MemoryBlockSource disk = SeededDisk.sparse(200L << 20, 12, 6);
        Path raw = dir.resolve("disk.raw");
        Path pack = dir.resolve("disk.pack");
        Path qcow2 = dir.resolve("disk.qcow2");
        write(disk, pack, PackOptions.ofDefaults());
        for (Path to : List.of(raw, qcow2)) {
            Images.convert(
                    ConvertRequest.of(
                            ImageInput.file(pack, "pack"),
                            new ImageOutput.File(to),
                            to.toString().endsWith("raw") ? "raw" : "qcow2"),
                    StreamSettings.ofDefaults(),
                    new Cancellation(),
                    StreamListener.none());
        }
        Path back = dir.resolve("back.pack");
        Images.convert(
                ConvertRequest.of(ImageInput.file(qcow2, "qcow2"), new ImageOutput.File(back), "pack"),
                StreamSettings.ofDefaults(),
                new Cancellation(),
                StreamListener.none());
        assertThat(run(0, "qemu-img", "compare", "-f", "raw", "-F", "qcow2", raw.toString(), qcow2.toString()))
                .contains("identical");
        assertThat(Files.mismatch(pack, back)).isEqualTo(-1);
    }

    /** 16 TiB of nothing but 4 MiB: neither size nor time nor memory follow the virtual size. */
    @Test
    void aGiantSparseDiskCostsItsData() throws Exception {
        MemoryBlockSource disk = SeededDisk.sparse(16L << 40, 6, 12);
        Path pack = dir.resolve("giant.pack");
        write(disk, pack, PackOptions.ofDefaults());
        assertThat(Files.size(pack)).isLessThan(6L << 20);
        try (FileByteSource bytes = FileByteSource.open(pack)) {
            PackFile file = PackFile.open(bytes);
            assertThat(file.complete()).isFalse();
            assertThat(file.disk().pageReferences()).hasSize(1);
            VerifyReport report = PackVerifier.verify(
                    bytes,
                    Optional.empty(),
                    new VerifyScope.Everything(),
                    2,
                    new Cancellation(),
                    StreamListener.none());
            assertThat(report.findings()).isEmpty();
        }
    }

    private void write(MemoryBlockSource disk, Path pack, PackOptions options) {
        try (ImageWriter writer = new PackCodec().newWriter(disk.size(), options);
                FileTarget target = FileTarget.create(pack)) {
            ImageStream.run(
                    disk, writer, target, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            target.publish();
        }
    }

    private static String run(int exit, String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue())
                .as("%s: %s", Arrays.toString(command), output)
                .isEqualTo(exit);
        return output;
    }
}
