package io.stillframe.image.qcow2;

import io.stillframe.image.MemoryBlockSource;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.contract.CountingByteSource;
import io.stillframe.spi.contract.SeededDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
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
        MutationRuns.run(image, ByteOrder.BIG_ENDIAN, places(image), what, this::exercise);
    }

    /** In the header, a table that the header points to, or anywhere. */
    private static Mutation.Places places(byte[] image) {
        ByteBuffer bytes = ByteBuffer.wrap(image);
        long l1 = bytes.getLong(40);
        long l2 = l1 > 0 && l1 < image.length - 8 ? bytes.getLong((int) l1) & Entries.OFFSET : 0;
        return random -> switch (random.nextInt(6)) {
            case 0, 1 -> random.nextInt(160);
            case 2 -> l1 + random.nextInt(64);
            case 3 -> l2 + random.nextInt(4096);
            case 4 -> bytes.getLong(48) + random.nextInt(4096);
            default -> -1;
        };
    }

    private void exercise(byte[] image) {
        CountingByteSource bytes = new CountingByteSource(image);
        MutationRuns.check(codec, bytes);
        MemoryBlockSource below = MemoryBlockSource.builder(100_000).build();
        try (BlockSource disk = new Qcow2Source(bytes, HeaderReader.read(bytes), java.util.Optional.of(below))) {
            MutationRuns.read(disk);
        }
    }
}
