package io.stillframe.image.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.spi.ImageCodec;
import io.stillframe.spi.Plugins;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * Every installed reader on every seed, on everything that fuzzing ever found, and on seeded mutations of both; whatever a failure names can
 * be run again. Longer runs are coverage-guided, see {@code fuzz.sh}; {@code -Dstillframe.fuzz.executions=N} makes this one longer.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class FuzzCorpusTest {
    private static final int EXECUTIONS = Integer.getInteger("stillframe.fuzz.executions", 1000);
    private static final long FIRST_SEED = Long.getLong("stillframe.fuzz.seed", 1);

    @TestFactory
    Stream<DynamicTest> everyReaderAnswers() {
        return Plugins.codecs().stream().map(codec -> DynamicTest.dynamicTest(codec.name(), () -> answers(codec)));
    }

    private static void answers(ImageCodec codec) {
        Map<String, byte[]> seeds = Seeds.of(codec);
        assertThat(seeds).as("seeds of %s", codec.name()).isNotEmpty();
        seeds.forEach((name, seed) -> verify(codec, seed, name));
        List<byte[]> all = new ArrayList<>(seeds.values());
        for (int i = 0; i < EXECUTIONS; i++) {
            long number = FIRST_SEED + i;
            verify(codec, mutated(all, new Random(number)), "mutation with seed " + number);
        }
    }

    private static byte[] mutated(List<byte[]> seeds, Random random) {
        byte[] input = seeds.get(random.nextInt(seeds.size())).clone();
        for (int changes = 1 + random.nextInt(4); changes > 0 && input.length > 0; changes--) {
            int at = random.nextInt(input.length);
            switch (random.nextInt(6)) {
                case 0 -> input[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> input[at] = (byte) random.nextInt();
                case 2 -> Arrays.fill(input, at, Math.min(input.length, at + 8), (byte) -random.nextInt(2));
                case 3 -> input = Arrays.copyOf(input, at);
                case 4 -> {
                    int from = random.nextInt(input.length);
                    int length = Math.min(8, input.length - Math.max(from, at));
                    System.arraycopy(input, from, input, at, length);
                }
                default -> input[0] ^= (byte) random.nextInt(4);
            }
        }
        return input;
    }

    private static void verify(ImageCodec codec, byte[] input, String what) {
        try {
            ReaderProperties.verify(codec, input);
        } catch (RuntimeException | Error e) {
            throw new AssertionError(codec.name() + ": " + what, e);
        }
    }
}
