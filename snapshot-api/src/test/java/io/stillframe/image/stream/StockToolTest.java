package io.stillframe.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageInput;
import io.stillframe.image.ImageStream;
import io.stillframe.image.Images;
import io.stillframe.image.MemoryBlockSource;
import io.stillframe.image.StockTools;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.contract.DiskAssert;
import io.stillframe.spi.contract.SeededDisk;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The stock tools as oracles: they restore what we write, and we read what they write. */
class StockToolTest {
    private static final int MIB = 1 << 20;

    @TempDir
    private Path dir = Path.of("");

    // Ours, restored by them

    @ParameterizedTest
    @CsvSource({"gzip,gzip", "gzip,pigz", "lz4,lz4", "xz,xz"})
    void theToolTestsAndRestoresDisksOfEveryKind(String format, String tool) throws Exception {
        StockTools.require(tool);
        List<MemoryBlockSource> disks = List.of(
                SeededDisk.dense(0, 1),
                SeededDisk.dense(1, 2),
                SeededDisk.dense(3_654_321, 3),
                MemoryBlockSource.builder(33L * MIB + 77).build(),
                SeededDisk.sparse(300L * MIB + 777, 5, 4));
        for (MemoryBlockSource disk : disks) {
            Path image = dir.resolve("disk." + format);
            write(format, disk, image);
            run(tool, "-t", image.toString());
            Path restored = restore(tool, image);
            assertThat(Files.size(restored)).isEqualTo(disk.size());
            try (BlockSource opened = Images.open(ImageInput.file(restored, "raw"))) {
                DiskAssert.assertSameRange(opened, disk, new ByteRange(0, Math.min(disk.size(), 8L * MIB)));
                disk.extents(new ByteRange(0, disk.size())).forEachRemaining(extent -> {
                    if (extent.isData()) {
                        DiskAssert.assertSameRange(opened, disk, extent.range());
                    }
                });
            }
        }
    }

    // Theirs, read by us

    @ParameterizedTest
    @CsvSource({
        "gzip,gzip -c -1",
        "gzip,pigz -c -p 2",
        "gzip,gzip -c -9 -n",
        "lz4,lz4 -c -1",
        "lz4,lz4 -c -B4 --content-size",
        "lz4,lz4 -c -BX -9",
        "xz,xz -c -1 -T1",
        "xz,xz -c -0 --block-size=1MiB -T2",
        "xz,xz -c -0 --check=sha256",
        "xz,xz -c -0 --check=none",
        "xz,xz -c --delta --lzma2=preset=0"
    })
    void aFileOfTheToolIsReadInAnyOrder(String format, String command) throws Exception {
        StockTools.require(command.substring(0, command.indexOf(' ')));
        MemoryBlockSource disk = SeededDisk.dense(7L * MIB + 321, 11);
        byte[] content = SeededDisk.bytes(disk, new ByteRange(0, disk.size()));
        Path plain = Files.write(dir.resolve("plain"), content);
        Path packed = pack(command, plain);
        assertThat(Images.probe(packed)).isEqualTo(format);
        assertThat(Images.info(packed, Optional.empty()).virtualSize()).isEqualTo(disk.size());
        assertThat(Images.check(packed, Optional.empty(), new Cancellation()).corruptions())
                .isEmpty();
        try (BlockSource opened = Images.open(new ImageInput.Probed(packed))) {
            DiskAssert.assertSameDisk(opened, disk, 11);
            DiskAssert.assertSameRange(opened, disk, new ByteRange(100, 5000));
        }
        // Two files one behind the other are one stream.
        byte[] once = Files.readAllBytes(packed);
        Files.write(packed, once, StandardOpenOption.APPEND);
        try (BlockSource opened = Images.open(ImageInput.file(packed, format))) {
            assertThat(opened.size()).isEqualTo(2 * disk.size());
            ByteBuffer read = ByteBuffer.allocate(content.length);
            opened.read(disk.size(), read);
            assertThat(Arrays.mismatch(read.array(), content)).isEqualTo(-1);
        }
        // Cut off anywhere, it is never taken for a shorter disk.
        for (int length : new int[] {1, 5, 11, 40, once.length / 2, once.length - 13, once.length - 1}) {
            Files.write(packed, Arrays.copyOf(once, length));
            assertCorrupt(packed, format);
        }
        Files.write(packed, Arrays.copyOf(once, once.length + 5));
        Files.write(packed, new byte[] {1, 2, 3, 4, 5}, StandardOpenOption.APPEND);
        assertCorrupt(packed, format);
    }

    private static void assertCorrupt(Path packed, String format) {
        assertThatThrownBy(() -> Images.open(ImageInput.file(packed, format)).close())
                .isInstanceOfSatisfying(
                        SnapshotException.class,
                        e -> assertThat(e.kind()).as("%s", e).isEqualTo(SnapshotException.Kind.CORRUPT))
                .hasMessageContaining(packed.toString());
        assertThat(Images.check(packed, Optional.of(format), new Cancellation()).corruptions())
                .isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip -c -1", "lz4 -c -1", "xz -c -1 --block-size=1MiB -T2"})
    void zerosOfAForeignFileAreFoundAndNeverReadAgain(String command) throws Exception {
        StockTools.require(command.substring(0, command.indexOf(' ')));
        Path plain = dir.resolve("plain");
        byte[] content = new byte[20 * MIB];
        Arrays.fill(content, 10 * MIB, 10 * MIB + 5, (byte) 7);
        Files.write(plain, content);
        try (BlockSource opened = Images.open(new ImageInput.Probed(pack(command, plain)))) {
            List<Extent> extents = new ArrayList<>();
            opened.extents(new ByteRange(0, opened.size())).forEachRemaining(extents::add);
            assertThat(extents.stream()
                            .filter(Extent::isData)
                            .mapToLong(extent -> extent.range().length())
                            .sum())
                    .isEqualTo(MIB);
        }
    }

    private void write(String format, BlockSource disk, Path image) {
        ImageCodec codec = Plugins.codec(format);
        try (ImageWriter writer = codec.newWriter(ImageSpec.ofSize(disk.size()));
                FileTarget target = FileTarget.create(image)) {
            ImageStream.run(
                    disk, writer, target, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            target.publish();
        }
    }

    private Path restore(String tool, Path image) throws Exception {
        Path restored = dir.resolve("restored");
        run(new ProcessBuilder(tool, "-d", "-c", image.toString()).redirectOutput(restored.toFile()));
        return restored;
    }

    private Path pack(String command, Path plain) throws Exception {
        Path packed = dir.resolve("packed");
        List<String> words = new ArrayList<>(List.of(command.split(" ")));
        words.add(plain.toString());
        run(new ProcessBuilder(words).redirectOutput(packed.toFile()));
        return packed;
    }

    private static void run(String... command) throws Exception {
        run(new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD));
    }

    private static void run(ProcessBuilder builder) throws Exception {
        Process process = builder.start();
        String told = new String(process.getErrorStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).as("%s: %s", builder.command(), told).isZero();
    }
}
