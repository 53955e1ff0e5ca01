package io.stillframe.benchmarks.jmh;

import io.stillframe.benchmarks.ladder.SampleDisk;
import io.stillframe.internal.deflate.Inflate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Clusters of deflated data, by the JDK's zlib and by our decoder, in one thread; the score is MiB of disk a second. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class InflateBenchmark {
    private static final int MEBIBYTES = CodecState.BYTES >> 20;

    /** Bytes of a cluster. */
    @Param({"65536", "262144"})
    public int cluster;

    /** How hard they were compressed. */
    @Param({"1", "2", "6"})
    public int level;

    private final Inflater zlib = new Inflater(true);
    private final Inflate own = new Inflate();
    private List<byte[]> streams = List.of();
    private byte[] target = {};

    @Setup(Level.Trial)
    public void deflate() throws IOException {
        String file = System.getProperty(CodecState.DATA, "");
        SampleDisk disk = file.isEmpty()
                ? SampleDisk.seeded(CodecState.BYTES, 1)
                : SampleDisk.of(Path.of(file), CodecState.BYTES);
        target = new byte[cluster];
        streams = new ArrayList<>();
        Deflater deflater = new Deflater(level, true);
        byte[] stream = new byte[2 * cluster];
        for (int at = 0; at < CodecState.BYTES; at += cluster) {
            deflater.reset();
            deflater.setInput(disk.chunk(at, cluster));
            deflater.finish();
            streams.add(Arrays.copyOf(stream, deflater.deflate(stream)));
        }
        deflater.end();
    }

    @TearDown
    public void close() {
        zlib.end();
    }

    @Benchmark
    @OperationsPerInvocation(MEBIBYTES)
    public byte[] zlib() throws DataFormatException {
        for (byte[] stream : streams) {
            zlib.reset();
            zlib.setInput(stream);
            if (zlib.inflate(target) != cluster) {
                throw new IllegalStateException("a cluster is incomplete");
            }
        }
        return target;
    }

    @Benchmark
    @OperationsPerInvocation(MEBIBYTES)
    public byte[] own() {
        for (byte[] stream : streams) {
            if (own.decode(stream, 0, stream.length, target, 0, cluster) != Inflate.Outcome.ENDED) {
                throw new IllegalStateException("a cluster is incomplete");
            }
        }
        return target;
    }
}
