package io.stillframe.spi.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.stillframe.image.DiskCopy;
import io.stillframe.image.FileByteSource;
import io.stillframe.image.FileTarget;
import io.stillframe.image.ImageStream;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamResult;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.StreamTarget;
import io.stillframe.model.ByteRange;
import io.stillframe.model.Compression;
import io.stillframe.model.Digest;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ChunkEncoder;
import io.stillframe.spi.CodecTrait;
import io.stillframe.spi.EncodedChunk;
import io.stillframe.spi.ImageCheck;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageInfo;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every {@link ImageCodec} must do. Subclass it, give the codec, and, if it has options, the specifications to try. Disks are made
 * from seeds, which the failures name.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class ImageCodecContract {
    private static final Duration HANG = Duration.ofMinutes(2);
    private static final long MIB = 1 << 20;

    /** The codec. */
    protected abstract ImageCodec codec();

    /** Specifications to write a disk of this size with; at least one. Tests to which it does not matter take the first one. */
    protected List<ImageSpec> specs(long virtualSize) {
        return List.of(ImageSpec.ofSize(virtualSize));
    }

    /** Whether a reader notices every changed bit of the stored data, so that it never gives out wrong content. */
    protected boolean detectsEveryFlippedBit() {
        return false;
    }

    /** How many damaged images are read; fewer for a format that is slow to decompress. */
    protected int damagedImages() {
        return 600;
    }

    /** Whether a file can be recognised by its first bytes. */
    protected boolean hasSignature() {
        return true;
    }

    /** Whether any bytes at all are a valid image, as with raw. */
    protected boolean acceptsAnyBytes() {
        return false;
    }

    /** Sizes of disks that are written and read as a whole. */
    protected List<Long> sizes() {
        return List.of(
                0L,
                1L,
                511L,
                512L,
                513L,
                65535L,
                65536L,
                65537L,
                MIB - 1,
                MIB,
                MIB + 1,
                2 * MIB,
                3 * MIB + 777,
                9 * MIB + 512);
    }

    // What it says of itself

    @Test
    void isInstalledUnderItsName() {
        assertThat(codec().name()).matches("[a-z0-9][a-z0-9._-]{0,63}");
        assertThat(codec().extension()).matches("[a-z0-9][a-z0-9._-]{0,31}");
        assertThat(Plugins.codec(codec().name())).hasSameClassAs(codec());
    }

    @Test
    void writesIfAndOnlyIfItSaysSo() {
        if (writes()) {
            codec().newWriter(ImageSpec.ofSize(MIB)).close();
        } else {
            assertThatThrownBy(() -> codec().newWriter(ImageSpec.ofSize(MIB)))
                    .isInstanceOfSatisfying(
                            SnapshotException.class,
                            e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.UNSUPPORTED));
        }
    }

    @Test
    void hasNoHeadIfAndOnlyIfItSaysItCanGoToAPipe() {
        assumeTrue(writes(), "codec writes");
        for (ImageSpec spec : specs(5 * MIB)) {
            try (ImageWriter writer = codec().newWriter(spec)) {
                assertThat(writer.headLength() == 0).isEqualTo(codec().traits().contains(CodecTrait.PIPE));
            }
        }
    }

    @Test
    void readsOnlyWhatIsAskedForIfItSaysRandomAccess() {
        assumeTrue(writes() && codec().traits().contains(CodecTrait.RANDOM_ACCESS), "codec writes, random access");
        byte[] content = new byte[(int) (12 * MIB)];
        new Random(5).nextBytes(content);
        BlockSource disk = io.stillframe.image.MemoryBlockSource.builder(content.length)
                .data(0, content)
                .build();
        CountingByteSource image = new CountingByteSource(writeToMemory(disk, anySpec(disk.size()), 2));
        try (BlockSource opened = codec().open(List.of(new ImageCodec.Layer(image, codec())))) {
            long before = image.bytesRead();
            DiskAssert.assertSameRange(opened, disk, ByteRange.ofLength(10 * MIB + 5, 100));
            assertThat(image.bytesRead() - before).isLessThan(4 * MIB);
        }
    }

    @Test
    void refusesUnknownCompressionNamingIt() {
        assumeTrue(writes(), "codec writes");
        ImageSpec spec = ImageSpec.ofSize(MIB).withCompression(Compression.parse("no-such-algorithm"));
        assertInvalid(() -> codec().newWriter(spec), "no-such-algorithm");
    }

    // Round trips

    @ParameterizedTest
    @MethodSource("sizes")
    void givesBackWhatWasWritten(long size, @TempDir Path dir) throws IOException {
        assumeTrue(writes(), "codec writes");
        for (long seed = 1; seed <= (size < 3 * MIB ? 3 : 2); seed++) {
            BlockSource disk = SeededDisk.dense(size, seed);
            for (ImageSpec spec : specs(size)) {
                assertRoundTrip(disk, spec, dir.resolve("image"), seed);
            }
        }
    }

    @Test
    void givesBackASparseDiskOfManyGibibytes(@TempDir Path dir) throws IOException {
        assumeTrue(writes(), "codec writes");
        long gibibytes = codec().traits().contains(CodecTrait.STORES_ZEROS) ? 1 : 6;
        BlockSource disk = SeededDisk.sparse(gibibytes << 30 | 12345, 24, 99);
        assertRoundTrip(disk, ImageSpec.ofSize(disk.size()), dir.resolve("image"), 99);
    }

    private void assertRoundTrip(BlockSource disk, ImageSpec spec, Path file, long seed) throws IOException {
        StreamResult result = writeToFile(disk, spec, file);
        assertThat(result.bytesStored()).as("stored length").isEqualTo(Files.size(file));
        assertThat(result.content()).contains(DiskAssert.contentDigest(disk));
        if (Files.size(file) < 64 * MIB) {
            assertThat(result.stored()).contains(crc32c(Files.readAllBytes(file)));
        }
        try (BlockSource opened = open(FileByteSource.open(file))) {
            DiskAssert.assertSameDisk(opened, disk, seed);
            assertThat(DiskCopy.digest(opened, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none()))
                    .as("digest of the opened image, seed %d, %s", seed, spec)
                    .isEqualTo(result.content().orElseThrow());
        }
        assertDescribedAndClean(disk, file);
    }

    private void assertDescribedAndClean(BlockSource disk, Path file) {
        try (ByteSource image = FileByteSource.open(file)) {
            ImageInfo info = codec().describe(image);
            assertThat(info.format()).isEqualTo(codec().name());
            assertThat(info.virtualSize()).isEqualTo(disk.size());
            assertThat(info.storedSize()).isEqualTo(image.size());
            assertThat(info.backing()).isEmpty();
            ImageCheck check = codec().check(image, new Cancellation());
            assertThat(check.corruptions()).isEmpty();
            assertThat(check.leaks()).isEmpty();
        }
    }

    @Test
    void writesTheSameBytesWithAnyNumberOfThreads() {
        assumeTrue(writes(), "codec writes");
        BlockSource disk = SeededDisk.dense(9 * MIB + 77, 31);
        for (ImageSpec spec : specs(disk.size())) {
            byte[] one = writeToMemory(disk, spec, 1);
            assertThat(Arrays.mismatch(writeToMemory(disk, spec, 5), one))
                    .as("%s", spec)
                    .isEqualTo(-1);
        }
    }

    @Test
    void recognisesItsOwnImageAndNoOther() {
        assumeTrue(writes() && hasSignature(), "codec writes a signature");
        byte[] image = writeToMemory(SeededDisk.dense(3 * MIB, 8), anySpec(3 * MIB), 2);
        assertThat(probe(image)).isEqualTo(ImageCodec.Probe.MATCH);
        assertThat(probe(new byte[0])).isEqualTo(ImageCodec.Probe.NO_MATCH);
        assertThat(probe(new byte[3])).isEqualTo(ImageCodec.Probe.NO_MATCH);
        assertThat(probe(new byte[8192])).isEqualTo(ImageCodec.Probe.NO_MATCH);
        assertThat(probe("#!/bin/sh\nexit 0\n".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isEqualTo(ImageCodec.Probe.NO_MATCH);
    }

    /** A file may end anywhere, and a caller may have read less of it than the codec wants to see. */
    @Test
    void looksAtBeginningsOfAnyLength() {
        assumeTrue(writes(), "codec writes");
        byte[] image = writeToMemory(SeededDisk.dense(MIB, 8), anySpec(MIB), 2);
        for (int length = 0; length <= Math.min(image.length, 1100); length++) {
            assertThat(codec().probe(ByteBuffer.wrap(image, 0, length), length)).isNotNull();
            assertThat(codec().probe(ByteBuffer.wrap(image, 0, length), image.length))
                    .isNotNull();
        }
    }

    private ImageCodec.Probe probe(byte[] file) {
        return codec().probe(ByteBuffer.wrap(file, 0, Math.min(4096, file.length)), file.length);
    }

    // The halves of the writer

    @Test
    void encodesTheSameChunkToTheSameBytesWithinItsBound() {
        assumeTrue(writes(), "codec writes");
        Random random = new Random(17);
        for (ImageSpec spec : specs(64 * MIB)) {
            try (ImageWriter writer = codec().newWriter(spec);
                    ChunkEncoder first = writer.newEncoder();
                    ChunkEncoder second = writer.newEncoder()) {
                int chunk = writer.chunkSize();
                assertThat(Integer.bitCount(chunk)).as("chunk size %d", chunk).isEqualTo(1);
                for (int i = 0; i < 8; i++) {
                    ByteBuffer raw = randomChunk(chunk, i, random);
                    long position = (long) (7 - i) * chunk;
                    byte[] once = encode(first, position, raw, writer.maxEncodedSize());
                    assertThat(encode(second, position, raw, writer.maxEncodedSize()))
                            .isEqualTo(once);
                    assertThat(encode(first, position, raw, writer.maxEncodedSize()))
                            .isEqualTo(once);
                }
            }
        }
    }

    private static ByteBuffer randomChunk(int chunk, int entropy, Random random) {
        ByteBuffer raw = ByteBuffer.allocateDirect(chunk);
        for (int i = 0; i < chunk; i++) {
            raw.put(i, entropy == 7 || random.nextInt(8) < entropy ? (byte) random.nextInt() : (byte) 'x');
        }
        return raw;
    }

    private static byte[] encode(ChunkEncoder encoder, long position, ByteBuffer raw, int bound) {
        byte[] before = copy(raw.duplicate().clear());
        EncodedChunk chunk = encoder.encode(position, raw.clear(), ByteBuffer.allocateDirect(bound));
        assertThat(copy(raw.duplicate().clear())).as("raw bytes after encoding").isEqualTo(before);
        assertThat(chunk.position()).isEqualTo(position);
        assertThat(chunk.rawLength()).isEqualTo(before.length);
        return copy(chunk.bytes());
    }

    @Test
    void canBeClosedTwiceAndUnfinished() {
        assumeTrue(writes(), "codec writes");
        ImageWriter writer = codec().newWriter(ImageSpec.ofSize(3 * MIB));
        ChunkEncoder encoder = writer.newEncoder();
        encoder.close();
        encoder.close();
        writer.begin(bytes -> bytes.position(bytes.limit()));
        writer.close();
        writer.close();
    }

    // Reading

    @Test
    void refusesRangesBeyondTheDisk() {
        assumeTrue(writes(), "codec writes");
        BlockSource disk = SeededDisk.dense(MIB + 100, 3);
        try (BlockSource opened = openMemory(writeToMemory(disk, anySpec(disk.size()), 1))) {
            assertInvalid(() -> opened.read(disk.size() - 5, ByteBuffer.allocate(6)), "");
            assertInvalid(() -> opened.read(Long.MAX_VALUE - 2, ByteBuffer.allocate(6)), "");
            assertInvalid(() -> opened.read(-1, ByteBuffer.allocate(1)), "");
            assertInvalid(() -> opened.extents(new ByteRange(0, disk.size() + 1)), "");
            opened.read(disk.size(), ByteBuffer.allocate(0));
            assertThat(opened.extents(new ByteRange(disk.size(), disk.size())).hasNext())
                    .isFalse();
        }
    }

    @Test
    void tellsExtentsOfAnyRange() {
        assumeTrue(writes(), "codec writes");
        BlockSource disk = SeededDisk.dense(7 * MIB + 321, 12);
        Random random = new Random(12);
        try (BlockSource opened = openMemory(writeToMemory(disk, anySpec(disk.size()), 1))) {
            for (int i = 0; i < 200; i++) {
                long start = random.nextLong(disk.size());
                DiskAssert.assertExtentsCover(
                        opened, new ByteRange(start, start + random.nextLong(disk.size() - start)));
            }
        }
    }

    @Test
    void readsFromManyThreadsAtOnce() throws Exception {
        assumeTrue(writes(), "codec writes");
        BlockSource disk = SeededDisk.dense(12 * MIB + 99, 21);
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try (BlockSource opened = openMemory(writeToMemory(disk, anySpec(disk.size()), 2))) {
            List<Callable<Void>> readers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                Random random = new Random(i);
                readers.add(() -> {
                    for (int n = 0; n < 80; n++) {
                        long start = random.nextLong(disk.size());
                        long length = Math.min(disk.size() - start, random.nextInt(300_000));
                        DiskAssert.assertSameRange(opened, disk, ByteRange.ofLength(start, length));
                    }
                    return null;
                });
            }
            for (Future<Void> reader : threads.invokeAll(readers)) {
                reader.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void ownsTheBytesFromOpenToClose() {
        assumeTrue(writes(), "codec writes");
        byte[] image = writeToMemory(SeededDisk.dense(2 * MIB, 4), anySpec(2 * MIB), 1);
        CountingByteSource good = new CountingByteSource(image);
        BlockSource opened = open(good);
        assertThat(good.closes()).isZero();
        opened.close();
        opened.close();
        assertThat(good.closes()).isPositive();
        if (!acceptsAnyBytes()) {
            CountingByteSource bad = new CountingByteSource(new byte[5000]);
            assertThatThrownBy(() -> open(bad)).isInstanceOf(SnapshotException.class);
            assertThat(bad.closes()).as("closed although open failed").isPositive();
        }
    }

    @Test
    void closesEveryLayerIfOpenFailsAndSaysWhatFailed() {
        List<FailingClose> layers = List.of(new FailingClose(), new FailingClose());
        assertThatThrownBy(() -> codec().open(layers.stream()
                        .map(bytes -> new ImageCodec.Layer(bytes, codec()))
                        .toList()))
                .isInstanceOfSatisfying(
                        SnapshotException.class,
                        e -> assertThat(e.kind())
                                .as("%s", e)
                                .isIn(SnapshotException.Kind.CORRUPT, SnapshotException.Kind.UNSUPPORTED));
        assertThat(layers).as("closes").extracting(layer -> layer.closes).containsExactly(1, 1);
    }

    /** No image of any format, and nothing that can be closed. */
    private static final class FailingClose implements ByteSource {
        private final CountingByteSource bytes = new CountingByteSource(new byte[5000]);
        private int closes;

        @Override
        public long size() {
            return bytes.size();
        }

        @Override
        public void read(long position, ByteBuffer target) {
            bytes.read(position, target);
        }

        @Override
        public String describe() {
            return bytes.describe();
        }

        @Override
        public void close() {
            closes++;
            throw SnapshotException.permanent("closing fails", new IOException("as the test wants it"));
        }
    }

    // Hostile input

    @Test
    void answersTruncatedImagesWithAnErrorOrRightContent() {
        assumeTrue(writes() && !acceptsAnyBytes(), "codec writes, and not every file is an image");
        BlockSource disk = SeededDisk.dense(3 * MIB + 777, 2);
        byte[] image = writeToMemory(disk, anySpec(disk.size()), 1);
        Random random = new Random(6);
        for (int i = 0; i < 150; i++) {
            int length = i < 40 ? i * 3 : i < 80 ? image.length - (i - 39) : random.nextInt(image.length);
            byte[] cut = Arrays.copyOf(image, Math.max(0, length));
            assertAnswers(cut, disk, true, "cut to " + length + " of " + image.length + " bytes");
        }
    }

    @Test
    void answersFlippedBitsWithinBounds() {
        assumeTrue(writes(), "codec writes");
        BlockSource disk = SeededDisk.dense(3 * MIB + 777, 2);
        byte[] image = writeToMemory(disk, anySpec(disk.size()), 1);
        Random random = new Random(7);
        for (int i = 0; i < damagedImages(); i++) {
            int bit = flippedBit(i, image.length, random);
            byte[] flipped = image.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertAnswers(
                    flipped, disk, detectsEveryFlippedBit(), "bit " + bit % 8 + " of byte " + bit / 8 + " flipped");
        }
    }

    /** Half of them where metadata usually lies. */
    private static int flippedBit(int i, int length, Random random) {
        return switch (i % 4) {
            case 0 -> random.nextInt(Math.min(length, 4096) * 8);
            case 1 -> length * 8 - 1 - random.nextInt(Math.min(length, 512) * 8);
            default -> random.nextInt(length * 8);
        };
    }

    /** Whatever the bytes are: right content or CORRUPT or UNSUPPORTED, or, if the format has no checksum, any content. */
    private void assertAnswers(byte[] image, BlockSource disk, boolean mustBeRight, String what) {
        assertTimeoutPreemptively(
                HANG,
                () -> {
                    try (BlockSource opened = openMemory(image)) {
                        if (mustBeRight) {
                            DiskAssert.assertSameDisk(opened, disk, 1);
                        } else {
                            readSome(opened);
                        }
                    } catch (SnapshotException e) {
                        assertThat(e.kind())
                                .as("%s: %s", what, e)
                                .isIn(SnapshotException.Kind.CORRUPT, SnapshotException.Kind.UNSUPPORTED);
                    }
                    assertChecks(image, what);
                },
                what);
    }

    /** A check lists what is broken; it throws only for what it does not support, of which it cannot tell. */
    private void assertChecks(byte[] image, String what) {
        try {
            codec().check(new CountingByteSource(image), new Cancellation());
        } catch (SnapshotException e) {
            assertThat(e.kind()).as("%s: %s", what, e).isEqualTo(SnapshotException.Kind.UNSUPPORTED);
        }
    }

    private static void readSome(BlockSource opened) {
        long shown = Math.min(opened.size(), 16 * MIB);
        DiskAssert.assertExtentsCover(opened, new ByteRange(0, shown));
        for (long at = 0; at < shown; at += MIB) {
            opened.read(at, ByteBuffer.allocate((int) Math.min(MIB, shown - at)));
        }
    }

    // Parts

    private ImageSpec anySpec(long virtualSize) {
        return specs(virtualSize).get(0);
    }

    private boolean writes() {
        return codec().traits().contains(CodecTrait.WRITE);
    }

    private BlockSource open(ByteSource bytes) {
        return codec().open(List.of(new ImageCodec.Layer(bytes, codec())));
    }

    private BlockSource openMemory(byte[] image) {
        return open(new CountingByteSource(image));
    }

    private StreamResult writeToFile(BlockSource disk, ImageSpec spec, Path file) {
        try (FileTarget target = FileTarget.create(file)) {
            StreamResult result = stream(disk, spec, target, 2);
            target.publish();
            return result;
        }
    }

    private byte[] writeToMemory(BlockSource disk, ImageSpec spec, int threads) {
        MemoryImage image = new MemoryImage();
        stream(disk, spec, image, threads);
        return image.bytes();
    }

    private StreamResult stream(BlockSource disk, ImageSpec spec, StreamTarget target, int threads) {
        StreamSettings settings = StreamSettings.ofDefaults().withThreads(threads);
        try (ImageWriter writer = codec().newWriter(spec)) {
            return ImageStream.run(disk, writer, target, settings, new Cancellation(), StreamListener.none());
        }
    }

    private static void assertInvalid(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String mentions) {
        assertThatThrownBy(call).isInstanceOfSatisfying(SnapshotException.class, e -> {
            assertThat(e.kind()).isEqualTo(SnapshotException.Kind.INVALID);
            assertThat(e).hasMessageContaining(mentions);
        });
    }

    private static Digest crc32c(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return new Digest(Digest.STORED, HexFormat.of().toHexDigits((int) crc.getValue()));
    }

    private static byte[] copy(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static final class MemoryImage implements StreamTarget {
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private byte[] head = new byte[0];

        @Override
        public void body(ByteBuffer bytes) {
            body.writeBytes(copy(bytes));
        }

        @Override
        public void head(ByteBuffer bytes) {
            head = copy(bytes);
        }

        byte[] bytes() {
            byte[] whole = Arrays.copyOf(head, head.length + body.size());
            System.arraycopy(body.toByteArray(), 0, whole, head.length, body.size());
            return whole;
        }
    }
}
