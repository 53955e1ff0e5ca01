package io.stillframe.benchmarks.compare;

import io.stillframe.benchmarks.report.MarkdownReport;
import io.stillframe.benchmarks.report.RecordJson;
import io.stillframe.benchmarks.report.Results;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What {@code benchmarks/run.sh} and {@code benchmarks/stores.sh} start: measures, keeps the results and renders the report. */
public final class Main {
    private static final String RESULTS = "results.json";
    private static final int BEFORE_OPTIONS = 2;

    private Main() {}

    /** What to measure, the repository's directory, then the options. */
    public static void main(String[] arguments) throws Exception {
        Path repository = Path.of(arguments[1]);
        try {
            Measurement measurement = Measurement.named(arguments[0]);
            Options options = Options.parse(
                    repository.resolve("benchmarks"),
                    Stream.of(arguments).skip(BEFORE_OPTIONS).toArray(String[]::new));
            run(measurement, repository, options, System.err);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(2);
        }
    }

    static void run(Measurement measurement, Path repository, Options options, PrintStream log) throws Exception {
        Files.createDirectories(options.results());
        Path file = options.results().resolve(RESULTS);
        if (!options.render()) {
            Results fresh = measurement.measure(repository, options, log);
            boolean part = (measurement.isPart() || !options.only().isEmpty()) && Files.exists(file);
            RecordJson.write(file, part ? RecordJson.read(file, Results.class).updated(fresh) : fresh);
        }
        MarkdownReport.write(RecordJson.read(file, Results.class), options.results());
        log.println("the report is " + options.results().resolve("report.md"));
    }
}
