package io.stillframe.benchmarks.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.stillframe.benchmarks.report.RecordJson;
import io.stillframe.benchmarks.report.Results;
import io.stillframe.benchmarks.report.Results.Comparison;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    @TempDir
    private Path repository;

    @Test
    void aPartOfTheComparisonsReplacesItsOwnAndKeepsTheOthers() throws Exception {
        run(List.of("a stream", "a snapshot"));
        run(List.of("a snapshot"), "--only", "snapshot");
        assertThat(titles()).containsExactly("a stream", "a snapshot");
    }

    @Test
    void aWholeRunKeepsNothing() throws Exception {
        run(List.of("a stream", "a snapshot"));
        run(List.of("a snapshot"));
        assertThat(titles()).containsExactly("a snapshot");
    }

    @Test
    void renderingMeasuresNothing() throws Exception {
        run(List.of("a stream"));
        run(List.of(), "--render");
        assertThat(titles()).containsExactly("a stream");
    }

    @Test
    void everyScriptsMeasurementHasItsName() {
        assertThat(Measurement.named("conversions")).isInstanceOf(Conversions.class);
        assertThat(Measurement.named("stores")).isInstanceOf(StoreTransfers.class);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Measurement.named("all"))
                .withMessageContaining("'all'");
    }

    private void run(List<String> titles, String... arguments) throws Exception {
        List<Comparison> measured = titles.stream()
                .map(title -> new Comparison(title, List.of(), List.of()))
                .toList();
        Main.run(
                (root, options, log) -> new Results(Map.of(), Map.of(), measured, List.of(), List.of()),
                repository,
                Options.parse(repository, arguments),
                new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8));
    }

    private Stream<String> titles() {
        Path file = Options.parse(repository).results().resolve("results.json");
        return RecordJson.read(file, Results.class).comparisons().stream().map(Comparison::title);
    }
}
