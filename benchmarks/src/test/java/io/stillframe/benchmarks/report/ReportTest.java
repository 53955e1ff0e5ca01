package io.stillframe.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.benchmarks.report.Results.Bar;
import io.stillframe.benchmarks.report.Results.Comparison;
import io.stillframe.benchmarks.report.Results.Run;
import io.stillframe.benchmarks.report.Results.Side;
import io.stillframe.benchmarks.report.Results.Step;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

class ReportTest {
    private static final Side PEER =
            new Side("peer", "peer -c", "verified", 1000, 100, List.of(run(6), run(20), run(8)));

    @TempDir
    private Path directory;

    private static Run run(double wall) {
        return new Run(wall, wall / 2, wall / 4, 1 << 20);
    }

    private static Side own(long outputBytes) {
        return new Side("own", "own x", "verified", 1000, outputBytes, List.of(run(3), run(5), run(4)));
    }

    private static Results results(Side own) {
        return new Results(
                Map.of("processor", "one"),
                Map.of("data bytes", "1000"),
                List.of(new Comparison("Conversion", List.of(own, PEER), List.of(new Bar("own", "peer", 2, 1)))),
                List.of(new Step("zstd", "zstd:1", 2.5, 5e8, 2.5e8, 1e9), new Step("raw", "none", 1, 3e9, 2e9, 0)),
                List.of());
    }

    @Test
    void whatIsWrittenIsReadAgain() {
        Results written = results(own(99));
        Path file = directory.resolve("results.json");
        RecordJson.write(file, written);
        assertThat(RecordJson.read(file, Results.class)).isEqualTo(written);
    }

    @Test
    void aComparisonIsReplacedAndOthersStay() {
        Results first = results(own(99));
        Comparison again = new Comparison("Conversion", List.of(own(98), PEER), List.of());
        Comparison other = new Comparison("Another", List.of(PEER), List.of());
        Results newer = new Results(
                Map.of("processor", "one", Results.LOAD, "0.1"),
                first.disk(),
                List.of(other, again),
                List.of(),
                List.of());
        Results updated = first.updated(newer);
        assertThat(updated.comparisons()).containsExactly(again, other);
        assertThat(updated.ladder()).isEqualTo(first.ladder());
    }

    @Test
    void resultsOfAnotherMachineAreNotMixedIn() {
        Results first = results(own(99));
        Results elsewhere = new Results(Map.of("processor", "two"), first.disk(), List.of(), List.of(), List.of());
        assertThatThrownBy(() -> first.updated(elsewhere)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void factsOfOneMeasurementAloneAreAdded() {
        Results first = results(own(99));
        Results other = new Results(Map.of("memory", "little"), first.disk(), List.of(), List.of(), List.of());
        assertThat(first.updated(other).machine())
                .containsAllEntriesOf(first.machine())
                .containsEntry("memory", "little");
    }

    @Test
    void ratiosAreTakenRoundByRound() throws Exception {
        MarkdownReport.write(results(own(99)), directory);
        assertThat(report()).contains("| own | peer | 2.00 / **2.00** / 4.00 | 2.00, output at most 1.00 | ");
        assertThat(report()).contains("| 0.990 | reached |");
    }

    @Test
    void aBarIsMissedByTheOutputsSize() throws Exception {
        MarkdownReport.write(results(own(101)), directory);
        assertThat(report()).contains("| 1.010 | missed |");
    }

    @Test
    void anAbsentPeerLeavesABarUnmeasured() throws Exception {
        Side absent = new Side("peer", "peer -c", "absent: no peer", 1000, 0, List.of());
        Results results = new Results(
                Map.of(),
                Map.of(),
                List.of(new Comparison("C", List.of(own(1), absent), List.of(new Bar("own", "peer", 2, 1)))),
                List.of(),
                List.of());
        MarkdownReport.write(results, directory);
        assertThat(report()).contains("| own | peer | not measured |").contains("absent: no peer");
        assertThat(directory.resolve("encode.svg")).doesNotExist();
    }

    @Test
    void chartsAreWellFormedAndHaveEveryPoint() throws Exception {
        MarkdownReport.write(results(own(99)), directory);
        String svg = Files.readString(directory.resolve("encode.svg"));
        var document =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
        assertThat(document.getDocumentElement().getTagName()).isEqualTo("svg");
        assertThat(svg).contains(">zstd:1<").contains(">raw none<");
        assertThat(Files.readString(directory.resolve("decode.svg"))).doesNotContain(">raw none<");
    }

    @Test
    void ticksAreRoundAndCoverTheValues() {
        ScatterChart.Axis ratio = ScatterChart.Axis.linear(List.of(1.0, 4.3), 0, 100);
        assertThat(ratio.ticks()).containsExactly(0.0, 1.0, 2.0, 3.0, 4.0, 5.0);
        assertThat(ratio.at(2.5)).isEqualTo(50);
        ScatterChart.Axis speed = ScatterChart.Axis.logarithmic(List.of(12.0, 900.0), 100, 0);
        assertThat(speed.ticks()).containsExactly(10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0);
        assertThat(speed.at(10)).isEqualTo(100);
        assertThat(speed.at(1000)).isEqualTo(0);
    }

    private String report() throws Exception {
        return Files.readString(directory.resolve("report.md"));
    }
}
