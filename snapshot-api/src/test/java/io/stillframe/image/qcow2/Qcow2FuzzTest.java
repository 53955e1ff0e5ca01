package io.stillframe.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.image.MemoryBlockSource;
import io.stillframe.model.ByteRange;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.Extent;
import io.stillframe.spi.contract.CountingByteSource;
import io.stillframe.spi.contract.SeededDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Thousands of broken images, each from its own seed, which a failure names: whatever the bytes are, the answer is content, CORRUPT or
 * UNSUPPORTED, in bounded time and memory. {@code -Dstillframe.fuzz.executions=N} tries more.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class Qcow2FuzzTest {
    private static final int EXECUTIONS = Integer.getInteger("stillframe.fuzz.executions", 1500);
    private static final long FIRST_SEED = Long.getLong("stillframe.fuzz.seed", 1);
    private static final int MOST_READ = 1 << 20;

    private final Qcow2Codec codec = new Qcow2Codec();

    @ParameterizedTest
    @CsvSource({"zstd, 4096, 700000", "zlib, 512, 200000", "none, 4096, 300000", "zstd, 65536, 900000"})
    void answersEveryMutationOfItsOwnImages(String compression, int clusterSize, int size) {
        byte[] image = MemoryImage.of(SeededDisk.dense(size, clusterSize), compression, clusterSize);
        fuzz(image, compression + " " + clusterSize);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cluster_size=512,compat=0.10                   |   512 | 200000",
                "cluster_size=16k,extended_l2=on                | 16384 | 700000",
                "cluster_size=4k,compression_type=zstd          |  4096 | 500000",
                "cluster_size=4k,refcount_bits=1                |  4096 | 500000",
            })
    void answersEveryMutationOfQemusImages(String options, int clusterSize, int size, @TempDir Path dir)
            throws IOException {
        Qemu.assumeInstalled();
        Path file = dir.resolve("image");
        Qemu.create(file, options.strip(), size / 512 * 512L);
        Qemu.io(file, "qcow2", new Writes(size, size / 512 * 512L, clusterSize, true).commands(30));
        if (!options.contains("refcount_bits=1")) {
            Qemu.run("qemu-img", "snapshot", "-c", "one", file);
            Qemu.io(file, "qcow2", List.of("write -P 3 0 64k"));
        }
        if (!options.contains("0.10")) {
            Qemu.run("qemu-img", "bitmap", "--add", file, "changes");
        }
        fuzz(Files.readAllBytes(file), options.strip());
    }

    private void fuzz(byte[] image, String what) {
        for (int i = 0; i < EXECUTIONS; i++) {
            long seed = FIRST_SEED + i;
            byte[] mutated = new Mutation(image, seed).mutated();
            try {
                exercise(mutated);
            } catch (SnapshotException e) {
                assertThat(e.kind())
                        .as("%s, seed %d: %s", what, seed, e)
                        .isIn(SnapshotException.Kind.CORRUPT, SnapshotException.Kind.UNSUPPORTED);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(what + ", seed " + seed + " made the reader fail", e);
            }
        }
    }

    private void exercise(byte[] image) {
        CountingByteSource bytes = new CountingByteSource(image);
        check(bytes);
        MemoryBlockSource below = MemoryBlockSource.builder(100_000).build();
        try (BlockSource disk = new Qcow2Source(bytes, HeaderReader.read(bytes), java.util.Optional.of(below))) {
            Iterator<Extent> extents = disk.extents(new ByteRange(0, disk.size()));
            long at = 0;
            long read = 0;
            while (extents.hasNext()) {
                Extent extent = extents.next();
                assertThat(extent.range().start()).isEqualTo(at);
                at = extent.range().end();
                if (extent.isData() && read < MOST_READ) {
                    int length = (int) Math.min(extent.range().length(), MOST_READ - read);
                    disk.read(extent.range().start(), ByteBuffer.allocateDirect(length));
                    read += length;
                }
            }
            assertThat(at).isEqualTo(disk.size());
        }
    }

    private void check(CountingByteSource bytes) {
        try {
            codec.check(bytes, new Cancellation());
            codec.describe(bytes);
        } catch (SnapshotException e) {
            assertThat(e.kind()).isIn(SnapshotException.Kind.CORRUPT, SnapshotException.Kind.UNSUPPORTED);
        }
    }
}
