package io.stillframe.benchmarks.jmh;

import io.stillframe.benchmarks.ladder.MemoryImage;
import io.stillframe.benchmarks.ladder.NullDisk;
import io.stillframe.image.DiskCopy;
import io.stillframe.image.StreamResult;
import io.stillframe.model.Digest;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.ImageWriter;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Encoders, readers, and whole streams in memory; the score is MiB of disk a second. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class CodecBenchmark {
    private static final int MEBIBYTES = CodecState.BYTES >> 20;

    /** One thread's encoder with its buffer. */
    @State(Scope.Thread)
    public static class Encoder {
        private Optional<ImageWriter> writer = Optional.empty();
        private Optional<ChunkEncoder> encoder = Optional.empty();
        private ByteBuffer stored = ByteBuffer.allocate(0);
        private int chunk;

        @Setup
        public void open(CodecState state) {
            ImageWriter opened = state.writer();
            writer = Optional.of(opened);
            encoder = Optional.of(opened.newEncoder());
            chunk = opened.chunkSize();
            stored = ByteBuffer.allocateDirect(opened.maxEncodedSize());
        }

        @TearDown
        public void close() {
            encoder.ifPresent(ChunkEncoder::close);
            writer.ifPresent(ImageWriter::close);
        }

        long encodeAll(CodecState state) {
            long sum = 0;
            ChunkEncoder own = encoder.orElseThrow();
            for (int at = 0; at < CodecState.BYTES; at += chunk) {
                EncodedChunk encoded = own.encode(at, state.disk().chunk(at, chunk), stored.clear());
                sum += encoded.bytes().remaining();
            }
            return sum;
        }
    }

    /** One thread's encoder alone. */
    @Benchmark
    @OperationsPerInvocation(MEBIBYTES)
    public long encode(CodecState state, Encoder encoder) {
        return encoder.encodeAll(state);
    }

    /** One thread reads the image in pieces of 1 MiB. */
    @Benchmark
    @OperationsPerInvocation(MEBIBYTES)
    public int read(CodecState state, Piece piece) {
        try (BlockSource source = state.open()) {
            for (long at = 0; at < source.size(); at += piece.bytes.capacity()) {
                source.read(at, piece.bytes.clear());
            }
        }
        return piece.bytes.get(0);
    }

    /** Where reads go. */
    @State(Scope.Thread)
    public static class Piece {
        private final ByteBuffer bytes = ByteBuffer.allocateDirect(1 << 20);
    }

    /** Disk to image with all processors. */
    @Benchmark
    @OperationsPerInvocation(MEBIBYTES)
    public StreamResult stream(CodecState state) {
        return state.encode(new MemoryImage(), Runtime.getRuntime().availableProcessors());
    }

    /** Image to disk with all processors. */
    @Benchmark
    @OperationsPerInvocation(MEBIBYTES)
    public Optional<Digest> restore(CodecState state) {
        try (BlockSource source = state.open()) {
            return DiskCopy.run(
                    source,
                    new NullDisk(source.size()),
                    state.settings(Runtime.getRuntime().availableProcessors()),
                    new Cancellation(),
                    (read, written) -> {});
        }
    }
}
