package io.stillframe.image.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import io.stillframe.image.MemoryBlockSource;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Compression;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCheck;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.contract.CountingByteSource;
import io.stillframe.spi.contract.SeededDisk;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Crafted images, each a class of attack or an earlier finding of the fuzzing. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class Qcow2HostileTest {
    private static final int CLUSTER = 65_536;

    private final Qcow2Codec codec = new Qcow2Codec();

    @Test
    void tablesThatAllPointToOneTableAreRefusedInTheTimeOfTheFile() {
        ByteBuffer image = image("none");
        int l1 = (int) image.getLong(40);
        long l2 = image.getLong(l1);
        int entries = CLUSTER / Long.BYTES;
        for (int i = 0; i < entries; i++) {
            image.putLong(l1 + i * Long.BYTES, l2);
        }
        image.put((int) (l2 & Entries.OFFSET), new byte[CLUSTER]); // nothing allocated: only the walk itself costs
        image.putInt(36, entries);
        image.putLong(24, (long) entries << 29);
        try (BlockSource disk = open(image)) {
            assertCorrupt(() -> drain(disk), "share one host cluster");
        }
    }

    @Test
    void entriesThatAllPointToOneDataClusterAreRefused() {
        ByteBuffer image = image("none");
        int l2 = (int) (image.getLong((int) image.getLong(40)) & Entries.OFFSET);
        for (int i = 0; i < CLUSTER / Long.BYTES; i++) {
            image.putLong(l2 + i * Long.BYTES, CLUSTER | Entries.COPIED);
        }
        image.putLong(24, (long) CLUSTER * CLUSTER / Long.BYTES);
        try (BlockSource disk = open(image)) {
            assertCorrupt(() -> drain(disk), "share one host cluster");
        }
    }

    @Test
    void aZstdFrameLargerThanAClusterIsRefused() {
        byte[] bomb = Zstd.compress(new byte[8 << 20], 3);
        assertCorruptData(withCompressed("zstd", bomb));
    }

    @Test
    void aZstdFrameOfUnknownButLargerContentIsRefused() {
        byte[] bomb = withoutContentSize(new byte[CLUSTER + 1]);
        assertCorruptData(withCompressed("zstd", bomb));
    }

    @Test
    void aZstdFrameOfUnknownContentSizeIsRead() {
        byte[] content = new byte[CLUSTER];
        Arrays.fill(content, (byte) 7);
        assertThat(firstCluster(withCompressed("zstd", withoutContentSize(content))))
                .isEqualTo(content);
    }

    @Test
    void aZstdFrameThatIsTooShortIsRefused() {
        assertCorruptData(withCompressed("zstd", Zstd.compress(new byte[CLUSTER - 1], 3)));
    }

    @Test
    void severalZstdFramesMakeACluster() {
        byte[] half = new byte[CLUSTER / 2];
        Arrays.fill(half, (byte) 9);
        byte[] frame = Zstd.compress(half, 3);
        byte[] two = ByteBuffer.allocate(2 * frame.length).put(frame).put(frame).array();
        byte[] content = new byte[CLUSTER];
        Arrays.fill(content, (byte) 9);
        assertThat(firstCluster(withCompressed("zstd", two))).isEqualTo(content);
    }

    @Test
    void aDeflateStreamIsCutAtTheClusterAsQemuDoes() {
        byte[] content = new byte[4 << 20];
        Arrays.fill(content, (byte) 5);
        assertThat(firstCluster(withCompressed("zlib", deflated(content)))).isEqualTo(Arrays.copyOf(content, CLUSTER));
    }

    @Test
    void aDeflateStreamThatIsTooShortIsRefused() {
        assertCorruptData(withCompressed("zlib", deflated(new byte[100])));
    }

    @ParameterizedTest
    @CsvSource({
        "CORRUPT,       0, 0x12345678, 4", // magic
        "UNSUPPORTED,   4, 1, 4",
        "UNSUPPORTED, 4, 4, 4", // version
        "CORRUPT,      20, 8, 4",
        "UNSUPPORTED, 20, 22, 4",
        "CORRUPT, 20, -1, 4", // cluster_bits
        "UNSUPPORTED,  24, -1, 8",
        "UNSUPPORTED, 24, 0x7fffffffffffffff, 8", // size
        "UNSUPPORTED,  32, 1, 4",
        "UNSUPPORTED, 32, 2, 4", // crypt_method
        "CORRUPT,      36, 0, 4",
        "CORRUPT, 36, -1, 4",
        "CORRUPT, 36, 0x7fffffff, 4", // l1_size
        "CORRUPT,      40, 0, 8",
        "CORRUPT, 40, 513, 8",
        "CORRUPT, 40, -65536, 8",
        "CORRUPT, 40, 0x7fffffffffff0000, 8",
        "CORRUPT,      60, -1, 4",
        "CORRUPT, 60, 70000, 4", // nb_snapshots
        "CORRUPT,      72, 2, 8",
        "UNSUPPORTED, 72, 4, 8",
        "CORRUPT, 72, 8, 8",
        "UNSUPPORTED, 72, 0x8000000000000000, 8",
        "CORRUPT,      96, 7, 4",
        "CORRUPT, 96, -1, 4", // refcount_order
        "CORRUPT,     100, 0, 4",
        "CORRUPT, 100, 105, 4",
        "CORRUPT, 100, -8, 4",
        "CORRUPT, 100, 0x40000000, 4",
        "CORRUPT,       8, -1, 8",
        "CORRUPT, 8, 0x7fffffff, 8", // backing_file_offset with the name's length 0
        "CORRUPT,     104, 1, 1",
        "CORRUPT, 112, 0x6803f85700020000, 8", // compression type, extension length
    })
    void headerFieldsAreChecked(Kind kind, int offset, String value, int width) {
        ByteBuffer image = image("none");
        image.putInt(16, 5);
        long number = Long.parseUnsignedLong(
                value.startsWith("0x") ? value.substring(2) : Long.toHexString(Long.parseLong(value)), 16);
        switch (width) {
            case 1 -> image.put(offset, (byte) number);
            case 4 -> image.putInt(offset, (int) number);
            default -> image.putLong(offset, number);
        }
        assertThatThrownBy(() -> open(image))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    @Test
    void anEmptyDiskWithAWildL1TableIsCorrupt() {
        ByteBuffer image = image("none");
        image.putLong(24, 0);
        image.putLong(40, 1L << 60);
        ImageCheck check = codec.check(new CountingByteSource(bytes(image)), new Cancellation());
        assertThat(check.corruptions()).isNotEmpty();
    }

    @Test
    void anImageFromAFutureVersionOfTheOwnExtensionKeepsItsHeadersSize() {
        byte[] bytes = MemoryImage.of(SeededDisk.dense(1000, 1), "zlib", CLUSTER);
        ByteBuffer image = ByteBuffer.wrap(bytes);
        assertThat(image.getInt(112)).isEqualTo(Qcow2Header.EXTENSION_EXACT_SIZE);
        assertThat(sizeOf(image)).isEqualTo(1000);
        image.putLong(24, 4096); // resized by another program
        assertThat(sizeOf(image)).isEqualTo(4096);
    }

    @Test
    void cancellationEndsACheck() {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel("test");
        CountingByteSource bytes = new CountingByteSource(image("none").array());
        assertThatThrownBy(() -> codec.check(bytes, cancellation))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CANCELLED));
    }

    @ParameterizedTest
    @ValueSource(strings = {"zstd:0", "zstd:20", "zstd:-51", "zlib:0", "zlib:10", "none:1", "lz4"})
    void writingRefusesLevelsOutOfRange(String compression) {
        ImageSpec spec = ImageSpec.ofSize(CLUSTER).withCompression(Compression.parse(compression));
        assertThatThrownBy(() -> codec.newWriter(spec))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID));
    }

    @ParameterizedTest
    @CsvSource({"512, 137438953473", "4096, 9223372036854775807", "256, 512", "4194304, 512"})
    void writingRefusesClustersAndSizesOutOfRange(int clusterSize, long size) {
        ImageSpec spec = ImageSpec.ofSize(size).withClusterSize(clusterSize);
        assertThatThrownBy(() -> codec.newWriter(spec))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INVALID));
    }

    private long sizeOf(ByteBuffer image) {
        try (BlockSource disk = open(image)) {
            return disk.size();
        }
    }

    private static ByteBuffer image(String compression) {
        byte[] content = new byte[3 * CLUSTER];
        Arrays.fill(content, (byte) 1);
        BlockSource disk =
                MemoryBlockSource.builder(content.length).data(0, content).build();
        return ByteBuffer.wrap(MemoryImage.of(disk, compression, CLUSTER));
    }

    /** An image whose first cluster is compressed to these bytes, at the file's end. */
    private static ByteBuffer withCompressed(String compression, byte[] data) {
        ByteBuffer image = image(compression);
        int end = image.capacity();
        int l2 = (int) (image.getLong((int) image.getLong(40)) & Entries.OFFSET);
        ByteBuffer grown =
                ByteBuffer.allocate(end + data.length).put(bytes(image)).put(data);
        grown.putLong(l2, Entries.compressedEntry(end, data.length, new Geometry(16, false)));
        return grown.clear();
    }

    private void assertCorruptData(ByteBuffer image) {
        assertCorrupt(() -> firstCluster(image), "cannot be decompressed");
    }

    private byte[] firstCluster(ByteBuffer image) {
        try (BlockSource disk = open(image)) {
            ByteBuffer direct = ByteBuffer.allocateDirect(CLUSTER);
            disk.read(0, direct);
            byte[] bytes = new byte[CLUSTER];
            direct.flip().get(bytes);
            return bytes;
        }
    }

    private static void drain(BlockSource disk) {
        Iterator<?> extents = disk.extents(new ByteRange(0, disk.size()));
        while (extents.hasNext()) {
            extents.next();
        }
    }

    private static void assertCorrupt(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String mentions) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT))
                .hasMessageContaining(mentions);
    }

    private BlockSource open(ByteBuffer image) {
        return codec.open(List.of(new ImageCodec.Layer(new CountingByteSource(bytes(image)), codec)));
    }

    private static byte[] bytes(ByteBuffer image) {
        byte[] bytes = new byte[image.capacity()];
        image.duplicate().clear().get(bytes);
        return bytes;
    }

    private static byte[] deflated(byte[] content) {
        Deflater deflater = new Deflater(9, true);
        deflater.setInput(content);
        deflater.finish();
        byte[] bytes = new byte[content.length + 100];
        int length = deflater.deflate(bytes);
        deflater.end();
        return Arrays.copyOf(bytes, length);
    }

    private static byte[] withoutContentSize(byte[] content) {
        try (com.github.luben.zstd.ZstdCompressCtx context = new com.github.luben.zstd.ZstdCompressCtx()) {
            return context.setContentSize(false).setLevel(3).compress(content);
        }
    }
}
