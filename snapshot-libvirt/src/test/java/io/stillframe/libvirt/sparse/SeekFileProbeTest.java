package io.stillframe.libvirt.sparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.stillframe.image.ConvertRequest;
import io.stillframe.image.Extents;
import io.stillframe.image.FileByteSource;
import io.stillframe.image.ImageInput;
import io.stillframe.image.ImageOutput;
import io.stillframe.image.Images;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import io.stillframe.spi.SparseFileProbe;
import io.stillframe.spi.contract.DiskAssert;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class SeekFileProbeTest {
    private static final long GIB = 1L << 30;
    private static final int ISLAND = 1 << 20;

    @TempDir
    private static Path dir;

    @BeforeAll
    static void hasSparseFiles() throws IOException {
        Path file = sparse("holes-wanted", 64 << 20, List.of());
        try (FileByteSource source = FileByteSource.open(file)) {
            assumeTrue(
                    source.extents(new ByteRange(0, source.size())).next().kind() == Extent.Kind.HOLE,
                    "the file system of the temporary directory has no holes");
        }
    }

    @Test
    void theHolesOfAFileThatTookTheNameAreNotTaken() throws IOException {
        Path file = sparse("first", 4 * ISLAND, List.of(0L));
        try (FileByteSource source = FileByteSource.open(file)) {
            Files.move(sparse("second", 4 * ISLAND, List.of(2L * ISLAND)), file, StandardCopyOption.REPLACE_EXISTING);
            assertThatThrownBy(() -> source.extents(new ByteRange(0, source.size())))
                    .isInstanceOf(SnapshotException.class)
                    .hasMessageContaining("replaced")
                    .extracting(e -> ((SnapshotException) e).kind())
                    .isEqualTo(SnapshotException.Kind.CONFLICT);
        }
    }

    @Test
    void findsTheIslandsOfAHundredGibibytes() throws IOException {
        List<Long> islands = List.of(0L, 7 * GIB, 7 * GIB + 3 * ISLAND, 99 * GIB);
        Path file = sparse("disk", 100 * GIB, islands);
        List<Extent> extents = new ArrayList<>();
        Images.map(ImageInput.file(file, "raw"), new Cancellation(), extents::add);
        assertThat(extents)
                .filteredOn(Extent::isData)
                .extracting(extent -> extent.range().start())
                .containsExactlyElementsOf(islands);
        try (FileByteSource source = FileByteSource.open(file)) {
            DiskAssert.assertExtentsCover(new RawView(source), new ByteRange(5, 8 * GIB + 1));
        }
    }

    @Test
    void readsOnlyTheDataOfAHundredGibibytes() throws IOException {
        Path file = sparse("large", 100 * GIB, List.of(GIB, 50 * GIB, 100 * GIB - ISLAND));
        Path copy = dir.resolve("copy.raw");
        StreamResult result = Images.convert(
                ConvertRequest.of(ImageInput.file(file, "raw"), new ImageOutput.File(copy), "raw"),
                StreamSettings.ofDefaults(),
                new Cancellation(),
                StreamListener.none());
        assertThat(result.bytesRead()).isEqualTo(3L * ISLAND);
        assertThat(Files.size(copy)).isEqualTo(100 * GIB);
        try (var source = Images.open(ImageInput.file(copy, "raw"))) {
            assertThat(Extents.dataBytes(source, new Cancellation())).isEqualTo(3L * ISLAND);
        }
    }

    @Test
    void knowsNothingBehindTheEnd() throws IOException {
        Path file = sparse("ends", 3L * ISLAND, List.of(0L));
        try (SparseFileProbe.Regions regions = new SeekFileProbe().open(file).orElseThrow()) {
            assertThat(regions.nextData(ISLAND)).isEqualTo(Long.MAX_VALUE);
            assertThat(regions.nextHole(0)).isEqualTo(ISLAND);
            assertThat(regions.nextHole(3L * ISLAND)).isEqualTo(Long.MAX_VALUE);
            assertThatThrownBy(() -> regions.nextData(-1)).isInstanceOf(SnapshotException.class);
        }
    }

    @Test
    void namesAFileThatDoesNotExist() {
        assertThatThrownBy(() -> new SeekFileProbe().open(dir.resolve("nothing-here")))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.NOT_FOUND))
                .hasMessageContaining("nothing-here");
    }

    private static Path sparse(String name, long size, List<Long> islands) throws IOException {
        Path path = dir.resolve(name + "-öß");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(size);
            byte[] bytes = new byte[ISLAND];
            for (long at : islands) {
                new Random(at).nextBytes(bytes);
                file.seek(at);
                file.write(bytes);
            }
        }
        return path;
    }

    /** A file's bytes as a disk. */
    private record RawView(FileByteSource bytes) implements io.stillframe.spi.BlockSource {
        @Override
        public long size() {
            return bytes.size();
        }

        @Override
        public java.util.Iterator<Extent> extents(ByteRange range) {
            return bytes.extents(range);
        }

        @Override
        public void read(long position, java.nio.ByteBuffer target) {
            bytes.read(position, target);
        }

        @Override
        public void close() {}
    }
}
