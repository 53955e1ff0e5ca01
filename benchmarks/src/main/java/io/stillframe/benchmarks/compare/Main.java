package io.stillframe.benchmarks.compare;

import io.stillframe.benchmarks.jmh.PieceScores;
import io.stillframe.benchmarks.ladder.CodecLadder;
import io.stillframe.benchmarks.report.MarkdownReport;
import io.stillframe.benchmarks.report.RecordJson;
import io.stillframe.benchmarks.report.Results;
import io.stillframe.benchmarks.report.Results.Comparison;
import io.stillframe.spi.Plugins;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** {@code benchmarks/run.sh}: makes the disk, measures, and renders the report. */
public final class Main {
    /** Heap and direct memory together are 256 MiB. */
    static final String MEMORY = "-Xmx96m -XX:MaxDirectMemorySize=160m";

    private static final String RESULTS = "results.json";

    private final Path repository;
    private final Options options;
    private final PrintStream log;

    private Main(Path repository, Options options, PrintStream log) {
        this.repository = repository;
        this.options = options;
        this.log = log;
    }

    /** The repository's directory, then the options. */
    public static void main(String[] arguments) throws Exception {
        Path repository = Path.of(arguments[0]);
        try {
            Options options = Options.parse(
                    repository.resolve("benchmarks"),
                    Stream.of(arguments).skip(1).toArray(String[]::new));
            new Main(repository, options, System.err).run();
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(2);
        }
    }

    private void run() throws Exception {
        Files.createDirectories(options.results());
        if (!options.render()) {
            RecordJson.write(options.results().resolve(RESULTS), measure());
        }
        MarkdownReport.write(RecordJson.read(options.results().resolve(RESULTS), Results.class), options.results());
        log.println("the report is " + options.results().resolve("report.md"));
    }

    private Results measure() throws Exception {
        BenchmarkDisk disk = BenchmarkDisk.make(options.work(), options.dataBytes(), log);
        disk.facts().forEach((name, value) -> log.println("   " + name + ": " + value));
        try (OutputDirectory out = OutputDirectory.make(options, disk)) {
            Map<String, String> machine = Machine.describe(out.path());
            machine.put("memory of the Java virtual machine", MEMORY);
            return new Results(
                    machine,
                    disk.facts(),
                    compare(disk, out.path()),
                    options.wants("ladder") ? CodecLadder.climb(disk.data(), log) : List.of(),
                    options.jmh() ? PieceScores.measure(disk.data(), log) : List.of());
        }
    }

    private List<Comparison> compare(BenchmarkDisk disk, Path out) throws IOException, InterruptedException {
        String path = repository.resolve("examples") + ":" + System.getenv("PATH");
        Map<String, String> environment = Map.of("PATH", path, "STILLFRAME_JAVA_OPTS", MEMORY);
        String help = Machine.printed(repository.resolve("examples/stillframe") + " image convert --help");
        Predicate<String> present = needed -> Machine.has(needed)
                || Files.exists(out.resolve(needed))
                || Plugins.codecs().stream().anyMatch(codec -> needed.equals("codec:" + codec.name()))
                || (needed.startsWith("option:") && help.contains(needed.substring("option:".length())));
        Rounds rounds = new Rounds(disk, out, environment, present, options, log);
        List<Contest> contests = Suite.contests().stream()
                .filter(contest -> options.wants(contest.title()))
                .toList();
        prepare(contests, present, out, environment);
        List<Comparison> done = new ArrayList<>();
        for (Contest contest : contests) {
            done.add(rounds.run(contest));
        }
        return done;
    }

    /** Makes the images that the chosen contests read. */
    private void prepare(List<Contest> contests, Predicate<String> present, Path out, Map<String, String> environment)
            throws IOException, InterruptedException {
        List<String> needed = contests.stream()
                .flatMap(contest -> contest.contenders().stream())
                .flatMap(contender -> contender.needs().stream())
                .toList();
        for (Contender input : Suite.inputs()) {
            if (needed.contains(input.output()) && input.needs().stream().allMatch(present)) {
                log.println("preparing " + input.output());
                var unused = new ShellCommand(input.command(), out, environment).run();
            }
        }
    }
}
