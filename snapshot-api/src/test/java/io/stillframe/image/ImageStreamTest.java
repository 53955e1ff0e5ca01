package io.stillframe.image;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.image.StreamSettings.ContentDigesting;
import io.stillframe.image.StreamSettings.StoredChecksum;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.contract.SeededDisk;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ImageStreamTest {
    private static final int MIB = 1 << 20;
    private static final StreamSettings FOUR = StreamSettings.ofDefaults().withThreads(4);

    private final Cancellation cancellation = new Cancellation();

    @AfterEach
    void leavesNoThreadBehind() {
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .noneMatch(name -> name.startsWith("stillframe-stream-"));
    }

    // Holes

    @Test
    void neverReadsHolesAndJoinsZeros() {
        long size = 1L << 44;
        byte[] data = new byte[100_000];
        new Random(5).nextBytes(data);
        WatchedSource disk = new WatchedSource(MemoryBlockSource.builder(size)
                .data(5L * MIB + 17, data)
                .zeros(new ByteRange(6L * MIB, 7L * MIB + 3))
                .data(8L * MIB, new byte[2 * MIB])
                .data(size - 5, new byte[] {1, 2, 3, 4, 5})
                .build());
        RecordingWriter writer = new RecordingWriter(64 * 1024);
        StreamResult result = run(disk, writer, FOUR);
        assertThat(result.bytesRead()).isEqualTo(data.length + 2 * MIB + 5).isEqualTo(disk.bytesRead.get());
        assertThat(writer.zeros)
                .containsExactly(new ByteRange(0, 5L * MIB), new ByteRange(5L * MIB + 128 * 1024, size - 64 * 1024));
        assertThat(writer.chunks).containsExactly(5L * MIB, 5L * MIB + 64 * 1024, size - 64 * 1024);
    }

    @Test
    void writesAnEmptyDisk() {
        RecordingWriter writer = new RecordingWriter(4096);
        StreamResult result = run(MemoryBlockSource.builder(0).build(), writer, FOUR);
        assertThat(writer.zeros).isEmpty();
        assertThat(result.bytesStored()).isZero();
    }

    @Test
    void coversADiskWithChunksBelowAndAboveAMebibyte() {
        for (int chunk : new int[] {512, 65536, MIB, 4 * MIB}) {
            BlockSource disk = SeededDisk.dense(9 * MIB + 4321, chunk);
            RecordingWriter writer = new RecordingWriter(chunk);
            run(disk, writer, FOUR);
            assertThat(writer.end).as("end with chunks of %d", chunk).isEqualTo(disk.size());
        }
    }

    @Test
    void readsManySmallExtentsOfOneUnit() {
        MemoryBlockSource.Builder disk = MemoryBlockSource.builder(2 * MIB);
        for (int at = 0; at < 2 * MIB; at += 1024) {
            disk.data(at, new byte[] {1, 2, 3, 4, 5, 6, 7});
        }
        MemoryBlockSource built = disk.build();
        assertThat(run(built, new RecordingWriter(65536), FOUR).content())
                .contains(io.stillframe.spi.contract.DiskAssert.contentDigest(built));
    }

    /** With one slot, what one unit left in the buffer lies under the holes of the next. */
    @Test
    void clearsWhatAnEarlierUnitLeftInTheSlot() {
        byte[] island = new byte[70_001];
        new Random(7).nextBytes(island);
        MemoryBlockSource.Builder disk = MemoryBlockSource.builder(8L * MIB + 333);
        for (int unit = 0; unit < 8; unit++) {
            for (int i = 0; i < 5; i++) {
                disk.data((long) unit * MIB + 1000 * (unit + 1) + i * 200_000L, island);
            }
        }
        MemoryBlockSource built = disk.build();
        StreamSettings oneSlot = FOUR.withMemoryLimit(2 * MIB + 1);
        assertThat(run(built, new RecordingWriter(65536), oneSlot).content())
                .contains(io.stillframe.spi.contract.DiskAssert.contentDigest(built));
    }

    @Test
    void refusesExtentsWithGaps() {
        BlockSource broken = new WatchedSource(SeededDisk.dense(4 * MIB, 1)) {
            @Override
            public Iterator<Extent> extents(ByteRange range) {
                return List.of(new Extent(new ByteRange(0, 100), Extent.Kind.DATA))
                        .iterator();
            }
        };
        assertThatThrownBy(() -> run(broken, new RecordingWriter(65536), FOUR))
                .isInstanceOf(SnapshotException.class)
                .hasMessageContaining("cover");
    }

    // Failures

    @Test
    void surfacesAReadersFailureOnceWithItsKindAndCause() {
        SnapshotException cause = SnapshotException.transientFault("the wire broke", null);
        WatchedSource disk = new WatchedSource(SeededDisk.dense(40 * MIB, 3));
        disk.onRead = position -> {
            if (position >= 20 * MIB) {
                throw cause;
            }
        };
        assertThatThrownBy(() -> run(disk, new RecordingWriter(65536), FOUR))
                .isInstanceOfSatisfying(SnapshotException.class, e -> {
                    assertThat(e.kind()).isEqualTo(SnapshotException.Kind.TRANSIENT);
                    assertThat(e).hasMessage("the wire broke");
                    assertThat(e == cause || e.getCause() == cause).isTrue();
                });
    }

    @Test
    void surfacesFailuresOfEncoderWriterTargetAndListener() {
        IllegalStateException cause = new IllegalStateException("broken");
        RecordingWriter inEncoder = new RecordingWriter(65536);
        inEncoder.onEncode = position -> {
            throw cause;
        };
        assertUnexpected(inEncoder, new Discard(), StreamListener.none(), cause);
        RecordingWriter inAppend = new RecordingWriter(65536);
        inAppend.onAppend = position -> {
            throw cause;
        };
        assertUnexpected(inAppend, new Discard(), StreamListener.none(), cause);
        assertUnexpected(
                new RecordingWriter(65536),
                new Discard() {
                    @Override
                    public void body(ByteBuffer bytes) {
                        throw cause;
                    }
                },
                StreamListener.none(),
                cause);
        assertUnexpected(
                new RecordingWriter(65536),
                new Discard(),
                (read, stored) -> {
                    throw cause;
                },
                cause);
    }

    private void assertUnexpected(
            RecordingWriter writer, StreamTarget target, StreamListener listener, Throwable cause) {
        BlockSource disk = SeededDisk.dense(20 * MIB, 3);
        assertThatThrownBy(() -> ImageStream.run(disk, writer, target, FOUR, cancellation, listener))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.PERMANENT))
                .hasRootCause(cause);
        assertThat(writer.openEncoders).hasValue(0);
    }

    @Test
    void aFailureWakesAReaderThatWaits() {
        CountDownLatch waiting = new CountDownLatch(1);
        WatchedSource disk = new WatchedSource(SeededDisk.dense(20 * MIB, 3));
        disk.onRead = position -> {
            if (position == 0) {
                awaitQuietly(waiting);
                throw SnapshotException.corrupt("first chunk");
            }
            waiting.countDown();
            awaitQuietly(new CountDownLatch(1));
        };
        assertThatThrownBy(() -> run(disk, new RecordingWriter(65536), FOUR))
                .isInstanceOf(SnapshotException.class)
                .hasMessage("first chunk");
    }

    @Test
    void stopsWhenCancelledWhileEverybodyWaits() {
        WatchedSource disk = new WatchedSource(SeededDisk.dense(20 * MIB, 3));
        disk.onRead = position -> {
            cancellation.cancel("the caller lost interest");
            awaitQuietly(new CountDownLatch(1));
        };
        assertThatThrownBy(() -> run(disk, new RecordingWriter(65536), FOUR))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.CANCELLED))
                .hasMessageContaining("the caller lost interest");
    }

    @Test
    void anInterruptOfTheCallerCancelsAndStays() throws InterruptedException {
        WatchedSource disk = new WatchedSource(SeededDisk.dense(20 * MIB, 3));
        CountDownLatch reading = new CountDownLatch(1);
        disk.onRead = position -> {
            reading.countDown();
            awaitQuietly(new CountDownLatch(1));
        };
        AtomicReference<SnapshotException.Kind> kind = new AtomicReference<>();
        AtomicReference<Boolean> flag = new AtomicReference<>();
        Thread caller = new Thread(() -> {
            try {
                run(disk, new RecordingWriter(65536), FOUR);
            } catch (SnapshotException e) {
                kind.set(e.kind());
                flag.set(Thread.currentThread().isInterrupted());
            }
        });
        caller.start();
        assertThat(reading.await(1, TimeUnit.MINUTES)).isTrue();
        await().until(() ->
                caller.getState() == Thread.State.TIMED_WAITING || caller.getState() == Thread.State.WAITING);
        caller.interrupt();
        await().until(() -> !caller.isAlive());
        assertThat(kind).hasValue(SnapshotException.Kind.CANCELLED);
        assertThat(flag).hasValue(true);
    }

    @Test
    void refusesLessMemoryThanOneSlot() {
        assertThatThrownBy(() -> run(SeededDisk.dense(MIB, 1), new RecordingWriter(65536), FOUR.withMemoryLimit(MIB)))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.INVALID))
                .hasMessageContaining("memory limit");
    }

    @Test
    void worksWithOneSlotOfMemory() {
        BlockSource disk = SeededDisk.dense(6 * MIB + 5, 8);
        RecordingWriter writer = new RecordingWriter(65536);
        run(disk, writer, FOUR.withMemoryLimit(2 * MIB + 1));
        assertThat(writer.end).isEqualTo(disk.size());
    }

    // Executors

    @Test
    void usesTheCallersExecutorAndLeavesItsThreadsClean() throws Exception {
        List<Thread> threads = new ArrayList<>();
        List<Boolean> interrupted = Collections.synchronizedList(new ArrayList<>());
        Executor executor = task -> {
            Thread thread = new Thread(
                    () -> {
                        task.run();
                        interrupted.add(Thread.currentThread().isInterrupted());
                    },
                    "foreign");
            threads.add(thread);
            thread.start();
        };
        List<String> names = Collections.synchronizedList(new ArrayList<>());
        WatchedSource disk = new WatchedSource(SeededDisk.dense(20 * MIB, 3));
        disk.onRead = position -> names.add(Thread.currentThread().getName());
        run(disk, new RecordingWriter(65536), FOUR.withExecutor(executor));
        assertThat(names).contains("foreign");
        disk.onRead = position -> {
            throw SnapshotException.corrupt("broken");
        };
        assertThatThrownBy(() -> run(disk, new RecordingWriter(65536), FOUR.withExecutor(executor)))
                .hasMessage("broken");
        for (Thread thread : threads) {
            await().until(() -> !thread.isAlive());
        }
        assertThat(interrupted).hasSize(8).containsOnly(false);
    }

    @Test
    void needsNoFreeThreadOfTheExecutor() {
        BlockSource disk = SeededDisk.dense(9 * MIB, 3);
        List<Runnable> never = new ArrayList<>();
        RecordingWriter writer = new RecordingWriter(65536);
        run(disk, writer, FOUR.withExecutor(never::add));
        assertThat(writer.end).isEqualTo(disk.size());
        never.forEach(Runnable::run);
        RecordingWriter refused = new RecordingWriter(65536);
        run(disk, refused, FOUR.withExecutor(task -> {
            throw new RejectedExecutionException("full");
        }));
        assertThat(refused.end).isEqualTo(disk.size());
    }

    // Reports

    @Test
    void reportsGrowingProgressUpToTheResult() {
        BlockSource disk = SeededDisk.dense(9 * MIB, 3);
        List<Long> read = new ArrayList<>();
        List<Long> stored = new ArrayList<>();
        StreamResult result = ImageStream.run(
                disk,
                new RawCodec().newWriter(ImageSpec.ofSize(disk.size())),
                new Discard(),
                FOUR,
                cancellation,
                (r, s) -> {
                    read.add(r);
                    stored.add(s);
                });
        assertThat(read).isSorted().endsWith(result.bytesRead());
        assertThat(stored).isSorted().endsWith(result.bytesStored());
        assertThat(result.bytesStored()).isEqualTo(disk.size());
    }

    @Test
    void leavesTheDigestOutWhenTold() {
        BlockSource disk = SeededDisk.dense(2 * MIB, 3);
        assertThat(run(disk, new RecordingWriter(65536), FOUR.withDigest(ContentDigesting.OFF))
                        .content())
                .isEmpty();
    }

    @Test
    void leavesTheChecksumOutWhenTold() {
        BlockSource disk = MemoryBlockSource.builder(0).build();
        assertThat(run(disk, new RecordingWriter(4096), FOUR.withChecksum(StoredChecksum.OFF))
                        .stored())
                .isEmpty();
        assertThat(run(disk, new RecordingWriter(4096), FOUR).stored()).isPresent();
    }

    private StreamResult run(BlockSource disk, ImageWriter writer, StreamSettings settings) {
        return ImageStream.run(disk, writer, new Discard(), settings, cancellation, StreamListener.none());
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SnapshotException(SnapshotException.Kind.CANCELLED, "interrupted in the test's read", e);
        }
    }

    private static class Discard implements StreamTarget {
        @Override
        public void body(ByteBuffer bytes) {
            bytes.position(bytes.limit());
        }

        @Override
        public void bodyZeros(long count) {}

        @Override
        public void head(ByteBuffer head) {}
    }

    /** Counts and disturbs reads. */
    private static class WatchedSource implements BlockSource {
        private final BlockSource disk;
        final AtomicLong bytesRead = new AtomicLong();
        volatile LongConsumer onRead = position -> {};

        WatchedSource(BlockSource disk) {
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
            onRead.accept(position);
            bytesRead.addAndGet(target.remaining());
            disk.read(position, target);
        }

        @Override
        public void close() {
            disk.close();
        }
    }

    /** Keeps what it is given and checks the order. */
    private static final class RecordingWriter implements ImageWriter {
        private final int chunk;
        final List<ByteRange> zeros = new ArrayList<>();
        final List<Long> chunks = new ArrayList<>();
        final AtomicInteger openEncoders = new AtomicInteger();
        LongConsumer onEncode = position -> {};
        LongConsumer onAppend = position -> {};
        long end;

        RecordingWriter(int chunk) {
            this.chunk = chunk;
        }

        @Override
        public int chunkSize() {
            return chunk;
        }

        @Override
        public int maxEncodedSize() {
            return chunk;
        }

        @Override
        public int headLength() {
            return 0;
        }

        @Override
        public ChunkEncoder newEncoder() {
            openEncoders.incrementAndGet();
            return new ChunkEncoder() {
                @Override
                public EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored) {
                    onEncode.accept(position);
                    int length = raw.remaining();
                    stored.put(raw).flip();
                    return new Chunk(position, length, stored);
                }

                @Override
                public void close() {
                    openEncoders.decrementAndGet();
                }
            };
        }

        @Override
        public void begin(ByteSink body) {}

        @Override
        public void append(EncodedChunk encoded, ByteSink body) {
            onAppend.accept(encoded.position());
            assertThat(encoded.position()).isEqualTo(end).matches(at -> at % chunk == 0);
            chunks.add(encoded.position());
            end += encoded.rawLength();
            body.write(encoded.bytes());
        }

        @Override
        public void appendZeros(ByteRange range, ByteSink body) {
            assertThat(range.start()).isEqualTo(end).matches(at -> at % chunk == 0);
            zeros.add(range);
            end = range.end();
        }

        @Override
        public ByteBuffer finish(ByteSink body) {
            return ByteBuffer.allocate(0);
        }

        @Override
        public void close() {}
    }

    private record Chunk(long position, int rawLength, ByteBuffer bytes) implements EncodedChunk {}
}
