package io.stillframe.benchmarks.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.LongFunction;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ContentTest {
    static Stream<LongFunction<Content>> contents() {
        return Stream.of(LogText::new, RandomBytes::new);
    }

    @ParameterizedTest
    @MethodSource("contents")
    void theSameSeedMakesTheSameBytes(LongFunction<Content> content) {
        assertThat(block(content.apply(1))).isEqualTo(block(content.apply(1))).isNotEqualTo(block(content.apply(2)));
    }

    @org.junit.jupiter.api.Test
    void logTextCompressesAndRandomBytesDoNot() {
        assertThat(deflated(block(new LogText(1)))).isBetween(10_000, 32_000);
        assertThat(deflated(block(new RandomBytes(1)))).isGreaterThan(65_000);
    }

    private static byte[] block(Content content) {
        byte[] block = new byte[65_536];
        content.fill(block);
        return block;
    }

    private static int deflated(byte[] block) {
        Deflater deflater = new Deflater();
        try {
            deflater.setInput(block);
            deflater.finish();
            return deflater.deflate(new byte[2 * block.length]);
        } finally {
            deflater.end();
        }
    }
}
