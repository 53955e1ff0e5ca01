package io.stillframe.benchmarks.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptionsTest {
    private static final Path ROOT = Path.of("benchmarks");

    @Test
    void withoutOptionsItIsTheWholeRun() {
        Options options = Options.parse(ROOT);
        assertThat(options.dataBytes()).isEqualTo(4L << 30);
        assertThat(options.runs()).isEqualTo(3);
        assertThat(options.results()).isEqualTo(ROOT.resolve("results/local"));
        assertThat(options.wants("Raw to gzip")).isTrue();
    }

    @Test
    void whatComesLaterCounts() {
        Options options = Options.parse(ROOT, "--quick", "--runs", "7", "--name", "x", "--only", "GZIP");
        assertThat(options.dataBytes()).isEqualTo(1L << 30);
        assertThat(options.runs()).isEqualTo(7);
        assertThat(options.wants("Raw to gzip")).isTrue();
        assertThat(options.wants("Raw to lz4")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--name ../x", "--name .x", "--runs 0", "--runs", "--help"})
    void mistakesAreRefused(String line) {
        assertThatIllegalArgumentException().isThrownBy(() -> Options.parse(ROOT, line.split(" ")));
    }
}
