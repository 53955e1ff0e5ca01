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
        Path file = options.results().resolve(RESULTS);
        if (!options.render()) {
            Results fresh = measure();
            boolean part = !options.only().isEmpty() && Files.exists(file);
            RecordJson.write(file, part ? RecordJson.read(file, Results.class).updated(fresh) : fresh);
        }
        MarkdownReport.write(RecordJson.read(file, Results.class), options.results());
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
        List<Comparison> done = new ArrayList<>();
        for (Contest contest : contests) {
            List<Path> inputs = prepare(contest, present, out, environment);
            done.add(rounds.run(contest));
            // All of them together would crowd the disk out of the page cache.
            for (Path input : inputs) {
                Files.deleteIfExists(input);
            }
        }
        return done;
    }

    /** Makes the images that a contest reads. */
    private List<Path> prepare(Contest contest, Predicate<String> present, Path out, Map<String, String> environment)
            throws IOException, InterruptedException {
        List<Path> made = new ArrayList<>();
        List<String> needed = contest.contenders().stream()
                .flatMap(contender -> contender.needs().stream())
                .toList();
        for (Contender input : Suite.inputs()) {
            if (needed.contains(input.output()) && input.needs().stream().allMatch(present)) {
                log.println("preparing " + input.output());
                var unused = new ShellCommand(input.command(), out, environment).run();
                made.add(out.resolve(input.output()));
            }
        }
        return made;
    }
}
