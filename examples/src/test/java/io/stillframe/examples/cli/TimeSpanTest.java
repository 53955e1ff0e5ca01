package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class TimeSpanTest {
    @ParameterizedTest
    @CsvSource({"60s, PT1M", "500ms, PT0.5S", "2m, PT2M", "24h, PT24H", "0s, PT0S"})
    void readsDigitsAndAUnit(String text, Duration duration) {
        assertThat(TimeSpan.parse(text).duration()).isEqualTo(duration);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "60", "s", "1.5s", "-1s", "1d", "1m30s", "1 s", "60S", "9999999999s"})
    void refusesAnythingElse(String text) {
        assertThatThrownBy(() -> TimeSpan.parse(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("e.g. 60s");
    }

    @ParameterizedTest
    @CsvSource({
        "PT0S, 0 ms",
        "PT0.85S, 850 ms",
        "PT4.25S, 4.3 s",
        "PT12.9S, 12 s",
        "PT3M20S, 3 min 20 s",
        "PT2H5M59S, 2 h 5 min"
    })
    void isShownInTwoUnitsAtMost(Duration duration, String text) {
        assertThat(TimeSpan.format(duration)).isEqualTo(text);
    }
}
