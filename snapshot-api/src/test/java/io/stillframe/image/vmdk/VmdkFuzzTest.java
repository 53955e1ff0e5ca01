package io.stillframe.image.vmdk;

import io.stillframe.image.qcow2.MemoryImage;
import io.stillframe.image.qcow2.Mutation;
import io.stillframe.image.qcow2.MutationRuns;
import io.stillframe.image.qcow2.Qemu;
import io.stillframe.image.qcow2.Writes;
import io.stillframe.model.Compression;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
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

/** Broken images are answered with content, CORRUPT or UNSUPPORTED, in bounded time and memory; see {@link MutationRuns}. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class VmdkFuzzTest {
    private final VmdkCodec codec = new VmdkCodec();

    @ParameterizedTest
    @CsvSource({"zlib, 700000", "none, 200001", "zlib, 0"})
    void answersEveryMutationOfItsOwnImages(String compression, int size) {
        ImageSpec spec = ImageSpec.ofSize(size).withCompression(Compression.parse(compression));
        fuzz(MemoryImage.of(codec, SeededDisk.dense(size, size), spec), compression + " " + size);
    }

    @ParameterizedTest
    @CsvSource({"monolithicSparse, off, 1", "monolithicSparse, on, 2", "streamOptimized, off, 3"})
    void answersEveryMutationOfQemusImages(String subformat, String zeroed, long seed, @TempDir Path dir)
            throws IOException {
        Qemu.assumeInstalled();
        Path raw = dir.resolve("raw");
        Qemu.run("qemu-img", "create", "-q", "-f", "raw", raw, 1 << 20);
        Qemu.io(raw, "raw", new Writes(seed, 1 << 20, 65536, false).commands(8));
        Path image = dir.resolve("image");
        String options = "subformat=" + subformat + ",zeroed_grain=" + zeroed;
        Qemu.run("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", options, raw, image);
        if (zeroed.equals("on")) {
            Qemu.io(image, "vmdk", List.of("write -z 0 64k", "write -P 7 128k 64k"));
        }
        fuzz(Files.readAllBytes(image), options);
    }

    private void fuzz(byte[] image, String what) {
        MutationRuns.run(image, ByteOrder.LITTLE_ENDIAN, places(image), what, this::exercise);
    }

    /** In the header, the descriptor, the footer, the directory and its first table, a marker, or anywhere. */
    private static Mutation.Places places(byte[] image) {
        ByteBuffer bytes = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        boolean atEnd = bytes.getLong(56) == SparseHeader.DIRECTORY_AT_END;
        long directory = Sectors.bytes(bytes.getLong(atEnd ? image.length - 2 * Sectors.SIZE + 56 : 56));
        long table = Sectors.bytes(Integer.toUnsignedLong(bytes.getInt((int) directory)));
        return random -> switch (random.nextInt(8)) {
            case 0, 1 -> random.nextInt(80);
            case 2 -> Sectors.SIZE + random.nextInt(400);
            case 3 -> atEnd ? image.length - 3 * Sectors.SIZE + random.nextInt(3 * Sectors.SIZE) : random.nextInt(80);
            case 4 -> directory + random.nextInt(16);
            case 5 -> table + random.nextInt(64);
            case 6 -> WriterOptions.GRAIN + random.nextInt(64);
            default -> -1;
        };
    }

    private void exercise(byte[] image) {
        CountingByteSource bytes = new CountingByteSource(image);
        MutationRuns.check(codec, bytes);
        try (BlockSource disk = codec.open(List.of(new ImageCodec.Layer(bytes, codec)))) {
            MutationRuns.read(disk);
        }
    }
}
