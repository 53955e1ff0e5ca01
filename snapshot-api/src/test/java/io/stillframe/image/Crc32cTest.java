package io.stillframe.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class Crc32cTest {
    private static final long SEED = 4711;

    /** RFC 3720, appendix B.4. */
    @Test
    void givesTheStandardsExamples() {
        assertThat(crc(new byte[32])).isEqualTo(0x8A9136AA);
        byte[] ones = new byte[32];
        Arrays.fill(ones, (byte) 0xFF);
        assertThat(crc(ones)).isEqualTo(0x62A8AB43);
        assertThat(crc("123456789".getBytes(StandardCharsets.US_ASCII))).isEqualTo(0xE3069283);
        assertThat(Crc32c.digest(0x0A)).hasToString("crc32c:0000000a");
    }

    @Test
    void combinesRunsOfAnyLength() {
        Random random = new Random(SEED);
        for (int i = 0; i < 300; i++) {
            byte[] whole = new byte[random.nextInt(70_000)];
            random.nextBytes(whole);
            int cut = random.nextInt(whole.length + 1);
            int first = crc(Arrays.copyOf(whole, cut));
            int second = crc(Arrays.copyOfRange(whole, cut, whole.length));
            assertThat(Crc32c.combine(first, second, whole.length - cut))
                    .as("seed %d, round %d: %d cut at %d", SEED, i, whole.length, cut)
                    .isEqualTo(crc(whole));
        }
    }

    @Test
    void addsZerosWithoutBytes() {
        Random random = new Random(SEED);
        for (int i = 0; i < 100; i++) {
            byte[] whole = new byte[50_000];
            int from = random.nextInt(20_000);
            int to = from + random.nextInt(20_000);
            random.nextBytes(whole);
            Arrays.fill(whole, from, to, (byte) 0);
            Crc32c crc = new Crc32c();
            crc.update(ByteBuffer.wrap(whole, 0, from));
            crc.updateZeros(to - from);
            crc.update(ByteBuffer.wrap(whole, to, whole.length - to));
            assertThat(crc.value()).isEqualTo(crc(whole));
            assertThat(crc.length()).isEqualTo(whole.length);
        }
    }

    /** The sum over 2^40 zeros is that over 2^39, twice. */
    @Test
    void addsZerosBeyondAnyBuffer() {
        Crc32c half = new Crc32c();
        half.updateZeros(1L << 39);
        Crc32c whole = new Crc32c();
        whole.updateZeros(1L << 40);
        assertThat(Crc32c.combine(half.value(), half.value(), 1L << 39)).isEqualTo(whole.value());
        assertThat(whole.length()).isEqualTo(1L << 40);
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        Crc32c own = new Crc32c();
        own.update(ByteBuffer.wrap(bytes));
        assertThat(own.value()).isEqualTo((int) crc.getValue());
        return own.value();
    }
}
