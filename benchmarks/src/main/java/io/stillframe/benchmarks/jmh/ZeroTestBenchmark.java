package io.stillframe.benchmarks.jmh;

import io.stillframe.image.ZeroTest;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The zero test of zeros, which is its slowest case. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class ZeroTestBenchmark {
    private static final int MOST = 1 << 20;

    private final ByteBuffer zeros = ByteBuffer.allocateDirect(MOST);

    /** Bytes of one test. */
    @Param({"65536", "1048576"})
    public int bytes;

    @Benchmark
    public boolean isZero() {
        return ZeroTest.isZero(zeros, 0, bytes);
    }
}
