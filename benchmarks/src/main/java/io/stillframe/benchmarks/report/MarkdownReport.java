package io.stillframe.benchmarks.report;

import io.stillframe.benchmarks.report.Results.Bar;
import io.stillframe.benchmarks.report.Results.Comparison;
import io.stillframe.benchmarks.report.Results.Run;
import io.stillframe.benchmarks.report.Results.Side;
import io.stillframe.benchmarks.report.Results.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Results as a page with tables, and charts beside it. */
public final class MarkdownReport {
    private static final double MB = 1e6;

    private final Results results;
    private final StringBuilder page = new StringBuilder();

    private MarkdownReport(Results results) {
        this.results = results;
    }

    /** Writes {@code report.md} and the charts into an existing directory. */
    public static void write(Results results, Path directory) throws IOException {
        MarkdownReport report = new MarkdownReport(results);
        Files.writeString(directory.resolve("report.md"), report.render());
        if (!results.ladder().isEmpty()) {
            chart(directory, "encode.svg", "Encoding, all processors", results, Step::encode);
            chart(directory, "encode-one-thread.svg", "Encoding, one thread", results, Step::encodeOne);
            chart(directory, "decode.svg", "Decoding, all processors", results, Step::decode);
        }
    }

    private static void chart(Path directory, String file, String title, Results results, ToDoubleFunction<Step> speed)
            throws IOException {
        List<ScatterChart.Point> points = results.ladder().stream()
                .filter(step -> speed.applyAsDouble(step) > 0)
                .map(step -> new ScatterChart.Point(
                        series(step), step.compression(), step.ratio(), speed.applyAsDouble(step) / MB))
                .toList();
        ScatterChart chart =
                new ScatterChart(title, "ratio (data bytes for each stored byte)", "MB of data a second", points);
        Files.writeString(directory.resolve(file), chart.svg());
    }

    private static String series(Step step) {
        return step.codec() + " " + step.compression().replaceAll(":.*", "");
    }

    private String render() {
        line("# Benchmark report");
        line("");
        line(
                "Written by `benchmarks/run.sh` or `benchmarks/stores.sh`; the figures are in `results.json`. Times are minimum / **median** / maximum. The"
                        + " commands of a table ran in turn, round by round, so that a machine whose speed drifts slows all of them;"
                        + " ratios are taken round by round. Input is in the page cache. Processor time is of all processes of a"
                        + " command, start-up of the Java virtual machine included.");
        facts("Machine", results.machine());
        facts("Disk", results.disk());
        bars();
        results.comparisons().forEach(this::comparison);
        ladder();
        pieces();
        return page.toString();
    }

    private void facts(String title, Map<String, String> facts) {
        heading(title);
        row("", "");
        row("---", "---");
        facts.forEach((name, value) -> row(name, value));
    }

    private void bars() {
        heading("Bars");
        row(
                "own",
                "peer",
                "speed, times the peer's",
                "wanted",
                "processor time, times the peer's",
                "output, times the peer's",
                "");
        row("---", "---", "---", "---", "---", "---", "---");
        for (Comparison comparison : results.comparisons()) {
            comparison.bars().forEach(bar -> bar(comparison, bar));
        }
    }

    private void bar(Comparison comparison, Bar bar) {
        List<Run> own = comparison.runs(bar.own());
        List<Run> peer = comparison.runs(bar.peer());
        if (own.isEmpty() || peer.isEmpty()) {
            row(bar.own(), bar.peer(), "not measured", wanted(bar), "", "", "");
            return;
        }
        Spread speed = ratios(peer, own, Run::wall);
        Spread processor = ratios(own, peer, Run::processor);
        double size = (double) output(comparison, bar.own()) / output(comparison, bar.peer());
        boolean fits = bar.size() == 0 || size <= bar.size();
        boolean thrifty = bar.processor() == 0 || processor.median() <= bar.processor();
        row(
                bar.own(),
                bar.peer(),
                spread(speed, "%.2f"),
                wanted(bar),
                spread(processor, "%.2f"),
                Double.isFinite(size) ? text("%.3f", size) : "",
                speed.median() >= bar.speed() && fits && thrifty ? "reached" : "missed");
    }

    private static String wanted(Bar bar) {
        List<String> limits = new ArrayList<>();
        if (bar.speed() > 0) {
            limits.add(factor(bar.speed()));
        }
        if (bar.size() > 0) {
            limits.add("output at most " + factor(bar.size()));
        }
        if (bar.processor() > 0) {
            limits.add("processor time at most " + factor(bar.processor()));
        }
        return String.join(", ", limits);
    }

    private static long output(Comparison comparison, String side) {
        return comparison.sides().stream()
                .filter(each -> each.name().equals(side))
                .mapToLong(Side::outputBytes)
                .findFirst()
                .orElseThrow();
    }

    /** One figure of each round of two sides, divided. */
    static Spread ratios(List<Run> above, List<Run> below, ToDoubleFunction<Run> figure) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < Math.min(above.size(), below.size()); i++) {
            ratios.add(figure.applyAsDouble(above.get(i)) / figure.applyAsDouble(below.get(i)));
        }
        return Spread.of(ratios);
    }

    private void comparison(Comparison comparison) {
        heading(comparison.title());
        row("", "wall s", "processor s", "MB/s", "output MB", "memory MiB", "runs", "");
        row("---", "---", "---", "---", "---", "---", "---", "---");
        comparison.sides().forEach(this::side);
        line("");
        for (Side side : comparison.sides()) {
            line("- " + side.name() + ": `" + side.command() + "`");
        }
    }

    private void side(Side side) {
        if (side.runs().isEmpty()) {
            row(side.name(), "", "", "", "", "", "0", side.state());
            return;
        }
        Spread wall = Spread.of(side.runs().stream().map(Run::wall).toList());
        Spread memory = Spread.of(
                side.runs().stream().map(run -> (double) run.residentBytes()).toList());
        row(
                side.name(),
                spread(wall, "%.2f"),
                spread(Spread.of(side.runs().stream().map(Run::processor).toList()), "%.2f"),
                text("%.0f", side.inputBytes() / wall.median() / MB),
                side.outputBytes() == 0 ? "" : text("%.1f", side.outputBytes() / MB),
                text("%.0f", memory.max() / (1 << 20)),
                Integer.toString(side.runs().size()),
                side.state());
    }

    private void ladder() {
        if (results.ladder().isEmpty()) {
            return;
        }
        heading("Codecs and levels");
        line(
                "In memory, without file system and without content digest; MB of data a second, the best of several passes.");
        line("");
        row("codec", "compression", "ratio", "encode, one thread", "encode, all processors", "decode, all processors");
        row("---", "---", "---", "---", "---", "---");
        for (Step step : results.ladder()) {
            row(
                    step.codec(),
                    step.compression(),
                    text("%.3f", step.ratio()),
                    text("%.0f", step.encodeOne() / MB),
                    text("%.0f", step.encode() / MB),
                    step.decode() == 0 ? "" : text("%.0f", step.decode() / MB));
        }
        line("");
        line("![Encoding, all processors](encode.svg)");
        line("![Encoding, one thread](encode-one-thread.svg)");
        line("![Decoding, all processors](decode.svg)");
    }

    private void pieces() {
        if (results.pieces().isEmpty()) {
            return;
        }
        heading("Pieces (JMH)");
        line(
                "Scores are MiB of disk a second, those of the zero test tests a second. The error is half the width of JMH's interval of 99.9 %"
                        + " confidence, wide where a fork has only a few iterations.");
        line("");
        row("benchmark", "parameters", "score", "error", "unit");
        row("---", "---", "---", "---", "---");
        for (Results.Piece piece : results.pieces()) {
            StringBuilder parameters = new StringBuilder();
            piece.parameters()
                    .forEach((name, value) ->
                            parameters.append(name).append('=').append(value).append(' '));
            row(
                    piece.benchmark(),
                    parameters.toString().strip(),
                    text("%.1f", piece.score()),
                    Double.isNaN(piece.error()) ? "" : text("%.1f", piece.error()),
                    piece.unit());
        }
    }

    private void heading(String title) {
        line("");
        line("## " + title);
        line("");
    }

    private void row(String... cells) {
        line("| " + String.join(" | ", cells) + " |");
    }

    private void line(String content) {
        page.append(content).append('\n');
    }

    private static String factor(double value) {
        return text("%.2f", value);
    }

    private static String spread(Spread spread, String format) {
        return text(format + " / **" + format + "** / " + format, spread.min(), spread.median(), spread.max());
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
