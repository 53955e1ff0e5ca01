package io.stillframe.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.ByteRange;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A huge disk with little data costs what the data costs and what the format needs to say "zeros": reads, writes and stored bytes are
 * counted. The formats whose zeros take space get smaller disks here, unless {@code -Dstillframe.test.large=true}.
 */
class SparseCostTest {
    private static final long MIB = 1 << 20;
    private static final long GIB = 1L << 30;
    private static final long TIB = 1L << 40;
    private static final int ISLAND = 300_000;
    private static final int ISLANDS = 16;

    /**
     * @param hole virtual bytes that one stored byte can stand for, at least
     * @param whether the zeros themselves are read back, as far as opening needs it
     */
    @ParameterizedTest
    @CsvSource({"zstd,16384,30000,0", "gzip,256,1000,0", "lz4,256,250,0", "xz,128,6000,1"})
    void aCompressedStreamCostsItsDataAndLittleMore(String format, long gibibytes, long hole, int readsZeros) {
        long size = (Boolean.getBoolean("stillframe.test.large") ? 16 * TIB : gibibytes * GIB) + 777;
        CountingSource disk = new CountingSource(islands(size));
        RepeatingImage image = new RepeatingImage();
        ImageCodec codec = Plugins.codec(format);
        StreamSettings settings = StreamSettings.ofDefaults().withThreads(2);
        StreamResult written;
        try (ImageWriter writer = codec.newWriter(ImageSpec.ofSize(size))) {
            written = ImageStream.run(disk, writer, image, settings, new Cancellation(), StreamListener.none());
        }
        assertThat(disk.read).hasValue((long) ISLAND * ISLANDS);
        long data = 2L * ISLANDS * MIB;
        long bound = size / hole + data;
        assertThat(written.bytesStored()).isLessThan(bound);
        assertThat(image.distinctBytes).as("distinct bytes").isLessThan(data + 8 * size / (16 * MIB) + 2 * MIB);

        RepeatingSource stored = new RepeatingSource(image);
        CountingTarget target = new CountingTarget(size);
        try (BlockSource opened = codec.open(List.of(new ImageCodec.Layer(stored, codec)))) {
            assertThat(DiskCopy.run(opened, target, settings, new Cancellation(), StreamListener.none()))
                    .isEqualTo(written.content());
        }
        assertThat(target.written).isLessThanOrEqualTo(2L * ISLANDS * (ISLAND + 2 * 65536));
        long index = 8 * size / (16 * MIB) + 4 * MIB;
        assertThat(stored.read.get()).isLessThan(data + index + readsZeros * size / hole);
    }

    /** Formats that know holes, both ways. */
    @ParameterizedTest
    @CsvSource({"raw", "qcow2"})
    void anImageWithHolesCostsItsDataAndItsTables(String format) {
        long size = 16 * TIB + 512;
        CountingSource disk = new CountingSource(islands(size));
        ImageCodec codec = Plugins.codec(format);
        CountingBody body = new CountingBody();
        try (ImageWriter writer = codec.newWriter(ImageSpec.ofSize(size))) {
            ImageStream.run(
                    disk,
                    writer,
                    body,
                    StreamSettings.ofDefaults().withThreads(2),
                    new Cancellation(),
                    StreamListener.none());
        }
        assertThat(disk.read).hasValue((long) ISLAND * ISLANDS);
        assertThat(body.written).isLessThan(4L * ISLANDS * MIB);
    }

    private static BlockSource islands(long size) {
        MemoryBlockSource.Builder disk = MemoryBlockSource.builder(size);
        Random random = new Random(16);
        for (int i = 0; i < ISLANDS; i++) {
            byte[] island = new byte[ISLAND];
            random.nextBytes(island);
            disk.data((size / ISLANDS) * i + random.nextInt(1 << 26), island);
        }
        return disk.build();
    }

    private static final class CountingSource implements BlockSource {
        private final BlockSource disk;
        final AtomicLong read = new AtomicLong();

        CountingSource(BlockSource disk) {
            this.disk = disk;
        }

        @Override
        public long size() {
            return disk.size();
        }

        @Override
        public Iterator<Extent> extents(ByteRange range) {
            return disk.extents(range);
        }

        @Override
        public void read(long position, ByteBuffer target) {
            read.addAndGet(target.remaining());
            disk.read(position, target);
        }

        @Override
        public void close() {}
    }

    private static final class CountingBody implements StreamTarget {
        private long written;

        @Override
        public void body(ByteBuffer bytes) {
            written += bytes.remaining();
            bytes.position(bytes.limit());
        }

        @Override
        public void bodyZeros(long count) {}

        @Override
        public void head(ByteBuffer head) {
            written += head.remaining();
        }
    }

    /** Keeps an image in memory, each run of bytes once. */
    private static final class RepeatingImage implements StreamTarget {
        private final Map<Long, List<byte[]>> known = new HashMap<>();
        private final List<byte[]> runs = new ArrayList<>();
        private final List<Long> starts = new ArrayList<>();
        private long length;
        private long distinctBytes;

        @Override
        public void body(ByteBuffer bytes) {
            if (!bytes.hasRemaining()) {
                return;
            }
            starts.add(length);
            length += bytes.remaining();
            runs.add(kept(bytes));
        }

        private byte[] kept(ByteBuffer bytes) {
            ByteBuffer middle =
                    bytes.slice(bytes.position() + bytes.remaining() / 2, Math.min(16, bytes.remaining() / 2));
            List<byte[]> candidates = known.computeIfAbsent(
                    (long) bytes.remaining() << 32 | middle.hashCode() & 0xFFFFFFFFL, key -> new ArrayList<>());
            for (byte[] candidate : candidates) {
                if (ByteBuffer.wrap(candidate).equals(bytes)) {
                    bytes.position(bytes.limit());
                    return candidate;
                }
            }
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            candidates.add(copy);
            distinctBytes += copy.length;
            return copy;
        }

        @Override
        public void head(ByteBuffer head) {
            assertThat(head.hasRemaining()).isFalse();
        }
    }

    private static final class RepeatingSource implements ByteSource {
        private final RepeatingImage image;
        private final long[] starts;
        final AtomicLong read = new AtomicLong();

        RepeatingSource(RepeatingImage image) {
            this.image = image;
            this.starts = image.starts.stream().mapToLong(Long::longValue).toArray();
        }

        @Override
        public long size() {
            return image.length;
        }

        @Override
        public void read(long position, ByteBuffer target) {
            assertThat(position + target.remaining()).isLessThanOrEqualTo(image.length);
            read.addAndGet(target.remaining());
            int found = java.util.Arrays.binarySearch(starts, position);
            int run = found >= 0 ? found : -found - 2;
            long at = position;
            for (; target.hasRemaining(); run++) {
                byte[] bytes = image.runs.get(run);
                int from = (int) (at - starts[run]);
                int count = Math.min(bytes.length - from, target.remaining());
                target.put(bytes, from, count);
                at += count;
            }
        }

        @Override
        public String describe() {
            return "memory";
        }

        @Override
        public void close() {}
    }

    private static final class CountingTarget implements BlockTarget {
        private final long size;
        private long written;

        CountingTarget(long size) {
            this.size = size;
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public void write(long position, ByteBuffer source) {
            written += source.remaining();
        }

        @Override
        public void finish() {}

        @Override
        public void close() {}
    }
}
