package io.stillframe.image.zstd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.image.FileByteSource;
import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageInput;
import io.stillframe.image.ImageStream;
import io.stillframe.image.Images;
import io.stillframe.image.MemoryBlockSource;
import io.stillframe.image.StockTools;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.contract.DiskAssert;
import io.stillframe.spi.contract.SeededDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stock tool as oracle. */
class ZstdToolTest {
    private static final long GIB = 1L << 30;

    @TempDir
    private Path dir;

    @BeforeAll
    static void hasTool() {
        StockTools.require("zstd");
    }

    @Test
    void theStockToolTestsAndRestoresDisksOfEveryKind() throws Exception {
        List<MemoryBlockSource> disks = List.of(
                SeededDisk.dense(0, 1),
                SeededDisk.dense(1, 2),
                SeededDisk.dense(7_654_321, 3),
                MemoryBlockSource.builder(5L << 20).build(),
                SeededDisk.sparse(2 * GIB + 777, 9, 4));
        for (MemoryBlockSource disk : disks) {
            for (int level : new int[] {1, 9, -5}) {
                assertRestores(disk, level);
            }
        }
    }

    private void assertRestores(MemoryBlockSource disk, int level) throws Exception {
        Path image = dir.resolve("disk.zst");
        write(disk, image, level);
        Path restored = dir.resolve("restored");
        run("zstd", "-t", "-q", image.toString());
        run("zstd", "-d", "-q", "-f", "--sparse", image.toString(), "-o", restored.toString());
        assertThat(Files.size(restored)).isEqualTo(disk.size());
        try (BlockSource opened = Images.open(ImageInput.file(restored, "raw"))) {
            if (disk.size() < GIB) {
                DiskAssert.assertSameDisk(opened, disk, level);
            } else {
                disk.extents(new ByteRange(0, disk.size()))
                        .forEachRemaining(extent -> assertSameIfData(opened, disk, extent));
            }
        }
    }

    private static void assertSameIfData(BlockSource opened, BlockSource disk, io.stillframe.spi.Extent extent) {
        if (extent.isData()) {
            DiskAssert.assertSameRange(opened, disk, extent.range());
        }
    }

    @Test
    void aDiskOfNothingCostsNothingOfNote() throws Exception {
        Path image = dir.resolve("empty.zst");
        write(MemoryBlockSource.builder(64 * GIB).build(), image, 1);
        assertThat(Files.size(image)).isLessThan(3 << 20);
        try (FileByteSource bytes = FileByteSource.open(image)) {
            assertThat(SeekTableReader.read(bytes).count()).isEqualTo(1024);
        }
    }

    @Test
    void aFileOfTheToolWithoutSeekTableIsRefusedWithARemedy() throws Exception {
        Path plain = Files.write(dir.resolve("plain"), new byte[100_000]);
        run("zstd", "-q", plain.toString());
        assertThatThrownBy(() -> Images.open(new ImageInput.Probed(dir.resolve("plain.zst"))))
                .isInstanceOfSatisfying(
                        SnapshotException.class,
                        e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.UNSUPPORTED))
                .hasMessageContaining("zstd -d");
    }

    /** The seekable format as others write it: frames, some empty, no index of ours, checksums in the table. */
    @Test
    void readsTheSeekableFormatOfOtherWriters() throws Exception {
        byte[] content = SeededDisk.bytes(SeededDisk.dense(3_000_000, 6), new ByteRange(0, 3_000_000));
        List<byte[]> frames = new ArrayList<>();
        java.io.ByteArrayOutputStream file = new java.io.ByteArrayOutputStream();
        java.nio.ByteBuffer table =
                java.nio.ByteBuffer.allocate(8 + 5 * 12 + 9).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        table.putInt(SeekTable.SKIPPABLE_SEEK_TABLE).putInt(5 * 12 + 9);
        int[] cuts = {0, 1_000_000, 1_000_000, 1_000_001, 2_500_000, 3_000_000};
        for (int i = 0; i < 5; i++) {
            Path part =
                    Files.write(dir.resolve("part" + i), java.util.Arrays.copyOfRange(content, cuts[i], cuts[i + 1]));
            run("zstd", "-q", "-f", part.toString());
            frames.add(Files.readAllBytes(dir.resolve("part" + i + ".zst")));
            table.putInt(frames.get(i).length).putInt(cuts[i + 1] - cuts[i]).putInt(0);
            file.writeBytes(frames.get(i));
        }
        table.putInt(5).put((byte) 0x80).putInt(SeekTable.SEEKABLE);
        file.writeBytes(table.array());
        Path image = Files.write(dir.resolve("foreign.zst"), file.toByteArray());
        try (BlockSource opened = Images.open(new ImageInput.Probed(image))) {
            MemoryBlockSource disk =
                    MemoryBlockSource.builder(content.length).data(0, content).build();
            DiskAssert.assertSameDisk(opened, disk, 6);
        }
    }

    private void write(MemoryBlockSource disk, Path image, int level) {
        ImageSpec spec = ImageSpec.ofSize(disk.size()).withCompression(Compression.of("zstd", level));
        try (ImageWriter writer = new ZstdCodec().newWriter(spec);
                FileTarget target = FileTarget.create(image)) {
            ImageStream.run(
                    disk, writer, target, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            target.publish();
        }
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue())
                .as("%s: %s", String.join(" ", command), output)
                .isZero();
    }
}
