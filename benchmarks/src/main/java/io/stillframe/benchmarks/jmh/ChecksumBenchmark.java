package io.stillframe.benchmarks.jmh;

import io.stillframe.benchmarks.ladder.SampleDisk;
import io.stillframe.image.ContentDigest;
import io.stillframe.image.Crc32c;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Checksums and digests of 1 MiB in direct memory; the score is MiB a second. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class ChecksumBenchmark {
    private static final int BYTES = 1 << 20;

    private final ByteBuffer bytes = SampleDisk.seeded(BYTES, 1).chunk(0, BYTES);
    private final MessageDigest sha256 = ContentDigest.sha256();

    @Benchmark
    public int crc32c() {
        Crc32c crc = new Crc32c();
        crc.update(bytes.duplicate());
        return crc.value();
    }

    @Benchmark
    public long crc32() {
        CRC32 crc = new CRC32();
        crc.update(bytes.duplicate());
        return crc.getValue();
    }

    @Benchmark
    public byte[] sha256() {
        sha256.update(bytes.duplicate());
        return sha256.digest();
    }
}
