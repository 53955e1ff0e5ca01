package io.stillframe.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import io.stillframe.spi.SparseFileProbe;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Holes as the operating system tells them, and without its help. */
class SparseExtentsTest {
    private static final int MIB = 1 << 20;

    @Test
    void walksDataAndHolesOfAnyRange() {
        ScriptedRegions regions =
                new ScriptedRegions(10_000).data(0, 100).data(4096, 5000).data(9000, 10_000);
        assertThat(extents(regions, 0, 10_000))
                .containsExactly("DATA 0 100", "HOLE 100 4096", "DATA 4096 5000", "HOLE 5000 9000", "DATA 9000 10000");
        assertThat(extents(regions, 50, 4500)).containsExactly("DATA 50 100", "HOLE 100 4096", "DATA 4096 4500");
        assertThat(extents(regions, 200, 300)).containsExactly("HOLE 200 300");
        assertThat(extents(regions, 9999, 10_000)).containsExactly("DATA 9999 10000");
        assertThat(extents(regions, 10_000, 10_000)).isEmpty();
        assertThat(extents(new ScriptedRegions(500), 0, 500)).containsExactly("HOLE 0 500");
    }

    /** A hole that is punched between the two questions: taking it as data is always right. */
    @Test
    void coversTheRangeThoughTheFileChanges() {
        SparseFileProbe.Regions punched = new SparseFileProbe.Regions() {
            @Override
            public long nextData(long from) {
                return from;
            }

            @Override
            public long nextHole(long from) {
                return from;
            }

            @Override
            public void close() {}
        };
        assertThat(extents(punched, 10, 90)).containsExactly("DATA 10 90");
    }

    @Test
    void endsWithTheRange() {
        Iterator<Extent> extents = new SparseExtents(new ScriptedRegions(500), new ByteRange(0, 500));
        extents.next();
        assertThatThrownBy(extents::next).isInstanceOf(NoSuchElementException.class);
    }

    /** No probe is installed here: the whole file is data, and its holes are found by reading them. */
    @Test
    void withoutAProbeHolesAreReadAndStayHoles(@TempDir Path dir) throws IOException {
        Path sparse = dir.resolve("sparse");
        try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
            file.setLength(24L * MIB + 5);
            file.seek(9L * MIB + 3);
            file.write(new byte[] {1, 2, 3});
        }
        try (FileByteSource source = FileByteSource.open(sparse)) {
            assertThat(source.extents(new ByteRange(7, 24L * MIB)))
                    .toIterable()
                    .containsExactly(new Extent(new ByteRange(7, 24L * MIB), Extent.Kind.DATA));
            assertThatThrownBy(() -> source.extents(new ByteRange(0, 25L * MIB)))
                    .isInstanceOf(SnapshotException.class);
        }
        Path image = dir.resolve("image");
        StreamResult result = Images.convert(
                ConvertRequest.of(ImageInput.file(sparse, "raw"), new ImageOutput.File(image), "zstd"),
                StreamSettings.ofDefaults().withThreads(2),
                new Cancellation(),
                StreamListener.none());
        assertThat(result.bytesRead()).isEqualTo(Files.size(sparse));
        List<Extent> extents = new ArrayList<>();
        Images.map(ImageInput.file(image, "zstd"), new Cancellation(), extents::add);
        assertThat(extents)
                .containsExactly(
                        new Extent(new ByteRange(0, 9L * MIB), Extent.Kind.ZERO),
                        new Extent(new ByteRange(9L * MIB, 10L * MIB), Extent.Kind.DATA),
                        new Extent(new ByteRange(10L * MIB, 24L * MIB + 5), Extent.Kind.ZERO));
    }

    private static List<String> extents(SparseFileProbe.Regions regions, long start, long end) {
        List<String> told = new ArrayList<>();
        new SparseExtents(regions, new ByteRange(start, end))
                .forEachRemaining(extent -> told.add(extent.kind() + " "
                        + extent.range().start() + " " + extent.range().end()));
        return told;
    }

    /** Answers as lseek does. */
    private static final class ScriptedRegions implements SparseFileProbe.Regions {
        private final TreeMap<Long, Long> data = new TreeMap<>();
        private final long size;

        ScriptedRegions(long size) {
            this.size = size;
        }

        ScriptedRegions data(long start, long end) {
            data.put(start, end);
            return this;
        }

        @Override
        public long nextData(long from) {
            var before = data.floorEntry(from);
            if (before != null && before.getValue() > from) {
                return from;
            }
            Long next = data.ceilingKey(from);
            return next == null ? Long.MAX_VALUE : next;
        }

        @Override
        public long nextHole(long from) {
            if (from >= size) {
                return Long.MAX_VALUE;
            }
            var before = data.floorEntry(from);
            return before != null && before.getValue() > from ? before.getValue() : from;
        }

        @Override
        public void close() {}
    }
}
