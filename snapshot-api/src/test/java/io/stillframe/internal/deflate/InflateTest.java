package io.stillframe.internal.deflate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.internal.deflate.Inflate.Outcome;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.Deflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sound and damaged streams: the same verdict and the same bytes as zlib. */
class InflateTest {
    private static final int MUTATIONS = Integer.getInteger("stillframe.deflate.mutations", 40_000);

    private final ZlibReference reference = new ZlibReference();

    @AfterEach
    void close() {
        reference.close();
    }

    @Test
    void everySmallSize() {
        for (int length = 0; length <= 300; length++) {
            for (int kind = 0; kind < 8; kind++) {
                byte[] data = DeflateSamples.data(length, 8L * length + kind);
                byte[] stream =
                        DeflateSamples.deflate(data, kind % 2 == 0 ? 6 : 1, DeflateSamples.STRATEGIES.get(kind % 3));
                verify(stream, data, "length " + length + ", kind " + kind);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
    void everyLevelAndStrategy(int level) {
        for (int strategy : DeflateSamples.STRATEGIES) {
            for (int kind = 0; kind < 8; kind++) {
                byte[] data = DeflateSamples.data(100_000 + 7919 * kind, kind + 80);
                verify(DeflateSamples.deflate(data, level, strategy), data, "kind " + kind + ", strategy " + strategy);
            }
        }
    }

    @Test
    void manyMebibytesAndBlocks() {
        for (int kind = 0; kind < 8; kind++) {
            byte[] data = DeflateSamples.data(2 << 20, kind);
            verify(DeflateSamples.deflate(data, 1, Deflater.DEFAULT_STRATEGY), data, "kind " + kind);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Deflater.SYNC_FLUSH, Deflater.FULL_FLUSH})
    void flushedStreams(int flush) {
        for (int step : new int[] {1, 7, 300, 5000}) {
            for (int kind = 0; kind < 8; kind++) {
                byte[] data = DeflateSamples.data(Math.min(20_000, 2000 * step), kind);
                for (int level : new int[] {0, 1, 6}) {
                    byte[] stream = DeflateSamples.deflate(data, level, Deflater.DEFAULT_STRATEGY, flush, step);
                    verify(stream, data, "kind " + kind + ", step " + step);
                }
            }
        }
    }

    /** Room that ends anywhere: what a stream goes on with is validated as far as zlib does. */
    @Test
    void roomThatEndsWithinTheStream() {
        for (int kind = 0; kind < 8; kind++) {
            byte[] data = DeflateSamples.data(900, kind);
            byte[] stream = DeflateSamples.deflate(data, 6, Deflater.DEFAULT_STRATEGY, Deflater.SYNC_FLUSH, 250);
            for (int room = 1; room < 900; room++) {
                assertThat(reference.verify(stream, 0, stream.length, room)).isEqualTo(Outcome.FULL);
            }
            for (int length = 0; length < stream.length; length++) {
                var unused = reference.verify(stream, 0, length, 900);
            }
        }
    }

    @Test
    void damagedStreams() {
        int[] seen = new int[Outcome.values().length];
        List<Sample> samples = samples();
        for (int i = 0; i < MUTATIONS; i++) {
            Random random = new Random(i);
            Sample sample = samples.get(random.nextInt(samples.size()));
            byte[] data = sample.data();
            byte[] stream = sample.stream().clone();
            int length = damage(stream, random);
            int room = Math.max(1, data.length + (random.nextInt(4) - 2) * random.nextInt(20));
            try {
                seen[reference.verify(stream, 0, length, room).ordinal()]++;
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("mutation with seed " + i, e);
            }
        }
        assertThat(Arrays.stream(seen).min().orElse(0)).isGreaterThan(MUTATIONS / 100);
    }

    private record Sample(byte[] data, byte[] stream) {}

    private static List<Sample> samples() {
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            byte[] data = DeflateSamples.data(1 + new Random(i).nextInt(1 << i % 13), i);
            int strategy = DeflateSamples.STRATEGIES.get(i % 3);
            samples.add(new Sample(data, DeflateSamples.deflate(data, 1 + i % 9, strategy)));
        }
        return samples;
    }

    /** How much of the stream is left. Headers are hit more often than their share. */
    private static int damage(byte[] stream, Random random) {
        int near = random.nextBoolean() ? Math.min(stream.length, 60) : stream.length;
        for (int changes = random.nextInt(4); changes > 0; changes--) {
            int at = random.nextInt(near);
            if (random.nextInt(4) == 0) {
                stream[at] = (byte) random.nextInt();
            } else {
                stream[at] ^= (byte) (1 << random.nextInt(8));
            }
        }
        return random.nextInt(3) == 0 ? random.nextInt(stream.length + 1) : stream.length;
    }

    /** Almost nothing of this is sound; what is, is short. */
    @Test
    void noise() {
        Random random = new Random(1);
        for (int i = 0; i < MUTATIONS / 2; i++) {
            byte[] stream = new byte[1 + random.nextInt(200)];
            random.nextBytes(stream);
            stream[0] = (byte) (stream[0] & ~7 | random.nextInt(8));
            int room = 1 + random.nextInt(1000);
            try {
                var unused = reference.verify(stream, 0, stream.length, room);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("round " + i, e);
            }
        }
    }

    @Test
    void buffersOfAllKinds() {
        byte[] data = DeflateSamples.data(5000, 5);
        byte[] stream = DeflateSamples.deflate(data, 6, Deflater.DEFAULT_STRATEGY);
        Inflate inflate = new Inflate();
        for (int i = 0; i < 4; i++) {
            ByteBuffer source = (i & 1) == 0
                    ? ByteBuffer.allocateDirect(9000)
                    : ByteBuffer.allocate(9000).slice(5, 8000);
            ByteBuffer target = (i & 2) == 0
                    ? ByteBuffer.allocateDirect(9000)
                    : ByteBuffer.allocate(9000).slice(9, 8000);
            source.put(3, stream).limit(3 + stream.length + 100).position(3);
            target.limit(4 + data.length).position(4);
            assertThat(inflate.decode(source, target)).isEqualTo(Outcome.ENDED);
            assertThat(source.position()).isEqualTo(3 + stream.length);
            assertThat(target.position()).isEqualTo(4 + data.length);
            byte[] decoded = new byte[data.length];
            target.get(4, decoded);
            assertThat(decoded).isEqualTo(data);
        }
    }

    @Test
    void rangesOutsideTheArraysAreRefused() {
        Inflate inflate = new Inflate();
        byte[] few = new byte[4];
        assertThatThrownBy(() -> inflate.decode(few, 0, 5, few.clone(), 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> inflate.decode(few, 0, 4, few.clone(), -1, 4))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    private void verify(byte[] stream, byte[] data, String what) {
        try {
            int room = Math.max(1, data.length);
            assertThat(reference.verify(stream, 0, stream.length, room + 17)).isEqualTo(Outcome.ENDED);
            byte[] within = new byte[stream.length + 20];
            Arrays.fill(within, (byte) 0xFF);
            System.arraycopy(stream, 0, within, 7, stream.length);
            var unused = reference.verify(within, 7, within.length, room);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(what, e);
        }
    }
}
