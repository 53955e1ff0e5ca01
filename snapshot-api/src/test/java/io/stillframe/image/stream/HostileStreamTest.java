package io.stillframe.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.image.ImageStream;
import io.stillframe.image.MemoryBlockSource;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.image.StreamTarget;
import io.stillframe.internal.frame.FrameIndex;
import io.stillframe.internal.frame.FrameTable;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.ImageSpec;
import io.stillframe.spi.ImageWriter;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.contract.CountingByteSource;
import io.stillframe.spi.contract.SeededDisk;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams that no writer would write, and seeded damage: content, CORRUPT or UNSUPPORTED, in bounded memory. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class HostileStreamTest {
    private static final int MIB = 1 << 20;
    private static final long SEED = 77;

    /** The index promises 1000 bytes; the member holds 256 MiB, of which none must be produced beyond the promise. */
    @Test
    void aMemberThatHoldsMoreThanItSaysIsNotUnpacked() throws IOException {
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
            for (int i = 0; i < 256; i++) {
                gzip.write(new byte[MIB]);
            }
        }
        byte[] member = Arrays.copyOf(bomb.toByteArray(), 5000);
        assertReadFails(image(member, 1000));
    }

    @Test
    void aMemberThatHoldsLessThanItSaysIsCorrupt() throws IOException {
        ByteArrayOutputStream small = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(small)) {
            gzip.write(new byte[999]);
        }
        assertReadFails(image(small.toByteArray(), 1000));
    }

    @ParameterizedTest
    @CsvSource({"5000,67108865", "0,1000", "2000000,1000"})
    void framesBeyondTheBoundsAreRefusedWhenOpening(int stored, int length) {
        assertThatThrownBy(() -> open("gzip", image(new byte[stored], length)))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT));
    }

    /** A member's name of endless length takes no memory. */
    @Test
    void anEndlessNameIsRefused() {
        byte[] header = {0x1F, (byte) 0x8B, 8, 8, 0, 0, 0, 0, 0, 3};
        InputStream endless = new InputStream() {
            private int at;

            @Override
            public int read() {
                return at < header.length ? header[at++] & 0xFF : 'n';
            }
        };
        InputStream decoded = Plugins.codec("gzip").decode(endless);
        assertThatThrownBy(decoded::read)
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT));
    }

    /** A pipe that has nothing to read for a moment is not at its end. */
    @Test
    void aPipeThatHesitatesBetweenMembersIsReadToItsEnd() throws IOException {
        byte[] image = written("gzip", SeededDisk.dense(3 * MIB, SEED));
        InputStream hesitating = new ByteArrayInputStream(image) {
            @Override
            public synchronized int available() {
                return 0;
            }

            @Override
            public synchronized int read(byte[] target, int offset, int length) {
                return super.read(target, offset, Math.min(length, 7));
            }
        };
        assertThat(Plugins.codec("gzip").decode(hesitating).readAllBytes()).hasSize(3 * MIB);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "lz4", "xz", "zstd"})
    void aFailingPipeIsToldAsSuch(String format) {
        byte[] image = written(format, SeededDisk.dense(2 * MIB, SEED));
        InputStream failing = new ByteArrayInputStream(image) {
            @Override
            public synchronized int read(byte[] target, int offset, int length) {
                if (pos > image.length / 2) {
                    throw SnapshotException.transientFault("the wire broke", null);
                }
                return super.read(target, offset, Math.min(length, 1000));
            }
        };
        assertThatThrownBy(() -> Plugins.codec(format).decode(failing).readAllBytes())
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSIENT));
    }

    /** Damage to streams as they come through pipes: what is given out before the error is what was written. */
    @ParameterizedTest
    @CsvSource({"gzip,400", "lz4,400", "xz,60", "zstd,200"})
    void damagedPipesNeverGiveOutAnotherDisk(String format, int rounds) throws IOException {
        MemoryBlockSource disk = SeededDisk.dense(MIB + 777, SEED);
        byte[] image = written(format, disk);
        byte[] content =
                Plugins.codec(format).decode(new ByteArrayInputStream(image)).readAllBytes();
        assertThat(content).hasSize((int) disk.size());
        Random random = new Random(SEED);
        for (int i = 0; i < rounds; i++) {
            byte[] damaged = damage(image, random);
            try {
                byte[] read = Plugins.codec(format)
                        .decode(new ByteArrayInputStream(damaged))
                        .readNBytes(8 * MIB);
                assertThat(Arrays.equals(read, content))
                        .as("%s, seed %d, round %d: %d bytes", format, SEED, i, read.length)
                        .isTrue();
            } catch (SnapshotException e) {
                assertThat(e.kind()).as("round %d: %s", i, e).isIn(Kind.CORRUPT, Kind.UNSUPPORTED);
            }
        }
    }

    private static byte[] damage(byte[] image, Random random) {
        byte[] damaged = image.clone();
        for (int n = random.nextInt(3); n >= 0; n--) {
            int at = random.nextBoolean() ? random.nextInt(64) : random.nextInt(damaged.length);
            switch (random.nextInt(4)) {
                case 0 -> damaged[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> damaged[at] = (byte) random.nextInt();
                case 2 -> Arrays.fill(damaged, at, Math.min(damaged.length, at + 16), (byte) 0xFF);
                default -> System.arraycopy(damaged, 0, damaged, at, Math.min(30, damaged.length - at));
            }
        }
        return damaged;
    }

    private static byte[] image(byte[] member, int length) {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        FrameTable frames = new FrameTable();
        FrameIndex.begin(frames, length, new GzipEnvelope(), bytes -> file.writeBytes(copy(bytes)));
        file.writeBytes(member);
        frames.add(member.length, length, false);
        FrameIndex.finish(frames, new GzipEnvelope(), bytes -> file.writeBytes(copy(bytes)));
        return file.toByteArray();
    }

    private static byte[] copy(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return copy;
    }

    private static void assertReadFails(byte[] image) {
        try (BlockSource opened = open("gzip", image)) {
            assertThatThrownBy(() -> opened.read(0, ByteBuffer.allocate((int) opened.size())))
                    .isInstanceOfSatisfying(
                            SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CORRUPT))
                    .hasMessageContaining("frame 1");
        }
    }

    private static BlockSource open(String format, byte[] image) {
        ImageCodec codec = Plugins.codec(format);
        return codec.open(List.of(new ImageCodec.Layer(new CountingByteSource(image), codec)));
    }

    private static byte[] written(String format, BlockSource disk) {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        StreamTarget target = new StreamTarget() {
            @Override
            public void body(ByteBuffer bytes) {
                file.writeBytes(copy(bytes));
            }

            @Override
            public void head(ByteBuffer head) {}
        };
        try (ImageWriter writer = Plugins.codec(format).newWriter(ImageSpec.ofSize(disk.size()))) {
            ImageStream.run(
                    disk,
                    writer,
                    target,
                    StreamSettings.ofDefaults().withThreads(1),
                    new Cancellation(),
                    StreamListener.none());
        }
        return file.toByteArray();
    }
}
