package io.stillframe.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CodecTrait;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageLayer;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.contract.DiskAssert;
import io.stillframe.spi.contract.SeededDisk;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagesTest {
    private static final int SIZE = 5_000_321;

    private final Cancellation cancellation = new Cancellation();

    @TempDir
    private Path dir;

    /** The command line's tests go from every format to every other. */
    @Test
    void convertsFromEveryFormatToTheNext() throws IOException {
        BlockSource disk = SeededDisk.dense(SIZE, 9);
        Path file = raw(disk);
        String format = "raw";
        for (ImageCodec next : both()) {
            Path converted = dir.resolve("next." + next.extension());
            StreamResult result = convert(
                    ConvertRequest.of(ImageInput.file(file, format), new ImageOutput.File(converted), next.name()));
            assertThat(result.content()).contains(DiskAssert.contentDigest(disk));
            try (BlockSource opened = Images.open(ImageInput.file(converted, next.name()))) {
                DiskAssert.assertSameDisk(opened, disk, 9);
            }
            file = Files.move(converted, dir.resolve("from." + next.extension()), StandardCopyOption.REPLACE_EXISTING);
            format = next.name();
        }
    }

    private static List<ImageCodec> both() {
        return Plugins.codecs().stream()
                .filter(codec -> codec.traits().containsAll(List.of(CodecTrait.READ, CodecTrait.WRITE)))
                .toList();
    }

    @Test
    void streamsThroughPipes() throws IOException {
        BlockSource disk = SeededDisk.dense(SIZE, 4);
        byte[] bytes = Files.readAllBytes(raw(disk));
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        convert(ConvertRequest.of(pipe(bytes, SIZE), new ImageOutput.Pipe(plain), "raw"));
        assertThat(plain.toByteArray()).isEqualTo(bytes);
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        convert(ConvertRequest.of(pipe(bytes, SIZE), new ImageOutput.Pipe(compressed), "zstd"));
        Path file = Files.write(dir.resolve("disk.zst"), compressed.toByteArray());
        try (BlockSource opened = Images.open(new ImageInput.Probed(file))) {
            DiskAssert.assertSameDisk(opened, disk, 4);
        }
    }

    @Test
    void refusesAPipeOfAnotherSize() throws IOException {
        byte[] bytes = Files.readAllBytes(raw(SeededDisk.dense(SIZE, 4)));
        for (int declared : new int[] {SIZE - 1, SIZE + 1}) {
            Path file = dir.resolve("wrong");
            assertKind(
                    SnapshotException.Kind.INVALID,
                    () -> convert(ConvertRequest.of(pipe(bytes, declared), new ImageOutput.File(file), "zstd")));
            assertThat(file).doesNotExist();
        }
    }

    @Test
    void describesProbesAndChecks() throws IOException {
        Path raw = raw(SeededDisk.dense(SIZE, 4));
        Path zstd = dir.resolve("disk.zst");
        convert(ConvertRequest.of(ImageInput.file(raw, "raw"), new ImageOutput.File(zstd), "zstd")
                .withCompression(Compression.parse("zstd:3"))
                .withClusterSize(1 << 18));
        assertThat(Images.probe(zstd)).isEqualTo("zstd");
        assertThat(Images.probe(raw)).isEqualTo("raw");
        assertThat(Images.info(zstd, Optional.empty()).virtualSize()).isEqualTo(SIZE);
        assertThat(Images.info(zstd, Optional.of("raw")).virtualSize()).isEqualTo(Files.size(zstd));
        assertThat(Images.check(zstd, Optional.empty(), cancellation).clean()).isTrue();
        List<io.stillframe.spi.Extent> extents = new ArrayList<>();
        Images.map(ImageInput.file(zstd, "zstd"), cancellation, extents::add);
        assertThat(extents.get(extents.size() - 1).range().end()).isEqualTo(SIZE);
        for (int i = 1; i < extents.size(); i++) {
            assertThat(extents.get(i).kind()).isNotEqualTo(extents.get(i - 1).kind());
        }
    }

    @Test
    void neverWritesOverItsOwnInput() throws IOException {
        Path raw = raw(SeededDisk.dense(SIZE, 4));
        byte[] before = Files.readAllBytes(raw);
        Path link = Files.createLink(dir.resolve("link"), raw);
        assertKind(
                SnapshotException.Kind.INVALID,
                () -> convert(ConvertRequest.of(ImageInput.file(raw, "raw"), new ImageOutput.File(link), "zstd")));
        assertThat(Files.readAllBytes(raw)).isEqualTo(before);
    }

    @Test
    void leavesNothingWhenCancelled() throws IOException {
        Path raw = raw(SeededDisk.dense(SIZE, 4));
        cancellation.cancel("enough");
        assertKind(
                SnapshotException.Kind.CANCELLED,
                () -> convert(ConvertRequest.of(
                        ImageInput.file(raw, "raw"), new ImageOutput.File(dir.resolve("new")), "zstd")));
        assertThat(dir).isDirectoryNotContaining("glob:**new*");
    }

    @Test
    void opensDeclaredChainsOnly() throws IOException {
        Path raw = raw(SeededDisk.dense(SIZE, 4));
        assertKind(SnapshotException.Kind.INVALID, () -> ImageChain.open(List.of()));
        assertKind(
                SnapshotException.Kind.NOT_FOUND,
                () -> ImageChain.open(List.of(new ImageLayer(raw.toString(), "no-such-format"))));
        assertKind(
                SnapshotException.Kind.NOT_FOUND,
                () -> ImageChain.open(
                        List.of(new ImageLayer(dir.resolve("nothing").toString(), "raw"))));
        ImageLayer layer = new ImageLayer(raw.toString(), "raw");
        assertKind(SnapshotException.Kind.UNSUPPORTED, () -> ImageChain.open(List.of(layer, layer)));
    }

    private StreamResult convert(ConvertRequest request) {
        return Images.convert(request, StreamSettings.ofDefaults(), cancellation, StreamListener.none());
    }

    private static ImageInput pipe(byte[] bytes, long size) {
        return new ImageInput.Pipe(new ByteArrayInputStream(bytes), size);
    }

    private Path raw(BlockSource disk) {
        Path file = dir.resolve("disk.raw");
        try (RawFileTarget target = RawFileTarget.create(file, disk.size())) {
            assertThat(DiskCopy.run(disk, target, StreamSettings.ofDefaults(), cancellation, StreamListener.none()))
                    .contains(DiskAssert.contentDigest(disk));
            target.finish();
        }
        return file;
    }

    private static void assertKind(
            SnapshotException.Kind kind, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SnapshotException.class,
                        e -> assertThat(e.kind()).as("%s", e).isEqualTo(kind));
    }
}
