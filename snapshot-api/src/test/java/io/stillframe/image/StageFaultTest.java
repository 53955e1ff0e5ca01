package io.stillframe.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.ByteSink;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.Extent;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.contract.SeededDisk;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A fault at each stage ends all of them, surfaces once with its cause, and leaves no thread, no encoder and no buffer behind. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class StageFaultTest {
    private static final int MIB = 1 << 20;

    private final AtomicInteger openEncoders = new AtomicInteger();
    private final AtomicInteger faults = new AtomicInteger();
    private final ExecutorService callers = Executors.newFixedThreadPool(3);

    /** Where something goes wrong. */
    private enum Stage {
        EXTENTS,
        READ,
        NEW_ENCODER,
        ENCODE,
        TARGET_BEGIN,
        WRITER_BEGIN,
        APPEND,
        BODY,
        LISTENER,
        FINISH,
        HEAD
    }

    /** What a copy between disks goes through. */
    private enum CopyStage {
        EXTENTS,
        READ,
        WRITE
    }

    @AfterEach
    void endExecutor() throws InterruptedException {
        callers.shutdown();
        assertThat(callers.awaitTermination(1, TimeUnit.MINUTES))
                .as("the caller's threads are free again")
                .isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void aFaultAtAnyStageOfAStreamEndsAll(Stage stage) {
        StreamSettings own = StreamSettings.ofDefaults().withThreads(3);
        for (StreamSettings settings : new StreamSettings[] {own, own.withExecutor(callers)}) {
            for (RuntimeException fault : faults()) {
                assertEnds(fault, () -> stream(stage, fault, settings));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFaultAtAnyStageOfACopyEndsAll(CopyStage stage) {
        StreamSettings own = StreamSettings.ofDefaults().withThreads(3);
        for (StreamSettings settings : new StreamSettings[] {own, own.withExecutor(callers)}) {
            for (RuntimeException fault : faults()) {
                assertEnds(fault, () -> copy(stage, fault, settings));
            }
        }
    }

    private static RuntimeException[] faults() {
        return new RuntimeException[] {
            SnapshotException.transientFault("the wire broke", null), new IllegalStateException("a plugin's mistake")
        };
    }

    private void assertEnds(RuntimeException fault, Runnable work) {
        faults.set(0);
        long before = directMemory();
        assertThatThrownBy(work::run).isInstanceOfSatisfying(SnapshotException.class, e -> {
            assertThat(e.kind())
                    .isEqualTo(
                            fault instanceof SnapshotException known ? known.kind() : SnapshotException.Kind.PERMANENT);
            assertThat(e == fault || e.getCause() == fault)
                    .as("the cause of %s", e)
                    .isTrue();
            assertThat(e.getSuppressed()).isEmpty();
        });
        assertThat(faults).as("faults that happened").hasPositiveValue();
        assertThat(openEncoders).as("encoders that are open").hasValue(0);
        assertThat(directMemory()).as("bytes of direct memory").isLessThanOrEqualTo(before);
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .noneMatch(name -> name.startsWith("stillframe-stream-"));
    }

    private static long directMemory() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    private void stream(Stage stage, RuntimeException fault, StreamSettings settings) {
        Runnable broken = () -> {
            faults.incrementAndGet();
            throw fault;
        };
        BlockSource disk =
                new FaultySource(stage == Stage.EXTENTS ? broken : () -> {}, stage == Stage.READ ? broken : () -> {});
        try (ImageWriter writer = new FaultyWriter(stage, broken)) {
            ImageStream.run(
                    disk, writer, new FaultyTarget(stage, broken), settings, new Cancellation(), (read, stored) -> {
                        if (stage == Stage.LISTENER && read > 5 * MIB) {
                            broken.run();
                        }
                    });
        }
    }

    private void copy(CopyStage stage, RuntimeException fault, StreamSettings settings) {
        Runnable broken = () -> {
            faults.incrementAndGet();
            throw fault;
        };
        BlockSource disk = new FaultySource(
                stage == CopyStage.EXTENTS ? broken : () -> {}, stage == CopyStage.READ ? broken : () -> {});
        BlockTarget target = new BlockTarget() {
            @Override
            public long size() {
                return disk.size();
            }

            @Override
            public void write(long position, ByteBuffer source) {
                if (stage == CopyStage.WRITE && position > 5 * MIB) {
                    broken.run();
                }
            }

            @Override
            public void finish() {}

            @Override
            public void close() {}
        };
        DiskCopy.run(disk, target, settings, new Cancellation(), StreamListener.none());
    }

    /** Fails in the middle: when its extents or its bytes are asked for. */
    private static final class FaultySource implements BlockSource {
        private final BlockSource disk = SeededDisk.dense(16 * MIB, 7);
        private final Runnable inExtents;
        private final Runnable inRead;

        FaultySource(Runnable inExtents, Runnable inRead) {
            this.inExtents = inExtents;
            this.inRead = inRead;
        }

        @Override
        public long size() {
            return disk.size();
        }

        @Override
        public Iterator<Extent> extents(ByteRange range) {
            Iterator<Extent> extents = disk.extents(range);
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return extents.hasNext();
                }

                @Override
                public Extent next() {
                    Extent next = extents.next();
                    if (next.range().end() > 3 * MIB) {
                        inExtents.run();
                    }
                    return next;
                }
            };
        }

        @Override
        public void read(long position, ByteBuffer target) {
            if (position > 5 * MIB) {
                inRead.run();
            }
            disk.read(position, target);
        }

        @Override
        public void close() {
            disk.close();
        }
    }

    private final class FaultyWriter implements ImageWriter {
        private final ImageWriter writer = new RawCodec().newWriter(ImageSpec.ofSize(16 * MIB));
        private final Stage stage;
        private final Runnable broken;

        FaultyWriter(Stage stage, Runnable broken) {
            this.stage = stage;
            this.broken = broken;
        }

        private void at(Stage here) {
            if (stage == here) {
                broken.run();
            }
        }

        @Override
        public int chunkSize() {
            return writer.chunkSize();
        }

        @Override
        public int maxEncodedSize() {
            return writer.maxEncodedSize();
        }

        @Override
        public int headLength() {
            return 0;
        }

        @Override
        public ChunkEncoder newEncoder() {
            at(Stage.NEW_ENCODER);
            openEncoders.incrementAndGet();
            ChunkEncoder encoder = writer.newEncoder();
            return new ChunkEncoder() {
                @Override
                public EncodedChunk encode(long position, ByteBuffer raw, ByteBuffer stored) {
                    if (position > 5 * MIB) {
                        at(Stage.ENCODE);
                    }
                    return encoder.encode(position, raw, stored);
                }

                @Override
                public void close() {
                    openEncoders.decrementAndGet();
                    encoder.close();
                }
            };
        }

        @Override
        public void begin(ByteSink body) {
            at(Stage.WRITER_BEGIN);
        }

        @Override
        public void append(EncodedChunk chunk, ByteSink body) {
            if (chunk.position() > 5 * MIB) {
                at(Stage.APPEND);
            }
            writer.append(chunk, body);
        }

        @Override
        public void appendZeros(ByteRange range, ByteSink body) {
            writer.appendZeros(range, body);
        }

        @Override
        public ByteBuffer finish(ByteSink body) {
            at(Stage.FINISH);
            return writer.finish(body);
        }

        @Override
        public void close() {
            writer.close();
        }
    }

    private record FaultyTarget(Stage stage, Runnable broken) implements StreamTarget {
        @Override
        public void begin(int headLength) {
            if (stage == Stage.TARGET_BEGIN) {
                broken.run();
            }
        }

        @Override
        public void body(ByteBuffer bytes) {
            if (stage == Stage.BODY) {
                broken.run();
            }
            bytes.position(bytes.limit());
        }

        @Override
        public void head(ByteBuffer head) {
            if (stage == Stage.HEAD) {
                broken.run();
            }
        }
    }
}
