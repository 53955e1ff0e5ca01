package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "1048576, 1048576",
        "1K, 1024",
        "512M, 536870912",
        "20G, 21474836480",
        "16T, 17592186044416",
        "9223372036854775807, 9223372036854775807",
        "8388607T, 9223370937343148032"
    })
    void readsDigitsAndOneUnit(String text, long bytes) {
        assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "G", "20g", "20GB", "20GiB", "1.5G", "-1", "+1", " 1G", "1G ", "1 G", "0x10", "20GG", "٢G"})
    void refusesAnythingElse(String text) {
        assertThatThrownBy(() -> ByteSize.parse(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("e.g. 20G");
    }

    @ParameterizedTest
    @ValueSource(strings = {"9223372036854775808", "8388608T", "9999999999999999999K"})
    void refusesWhatOverflows(String text) {
        assertThatThrownBy(() -> ByteSize.parse(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("2^63");
    }

    @Test
    void refusesNothing() {
        assertThatThrownBy(() -> ByteSize.parse("0")).isInstanceOf(TypeConversionException.class);
        assertThatThrownBy(() -> ByteSize.parse("0G")).hasMessageContaining("over 0");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "1023, 1023 B",
        "1024, 1 KiB",
        "1536, 1.5 KiB",
        "10485760, 10 MiB",
        "10737418240, 10 GiB",
        "11274289152, 11 GiB",
        "9223372036854775807, 8.0 EiB"
    })
    void isShownInItsLargestUnit(long bytes, String text) {
        assertThat(ByteSize.format(bytes)).isEqualTo(text);
    }
}
