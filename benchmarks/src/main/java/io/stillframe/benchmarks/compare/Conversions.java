package io.stillframe.benchmarks.compare;

import io.stillframe.benchmarks.jmh.PieceScores;
import io.stillframe.benchmarks.ladder.CodecLadder;
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

/** Whole conversions beside those of other tools, and the pieces that they are made of. */
final class Conversions implements Measurement {
    @Override
    public Results measure(Path repository, Options options, PrintStream log) throws Exception {
        BenchmarkDisk disk = BenchmarkDisk.make(options.work(), options.dataBytes(), log);
        disk.facts().forEach((name, value) -> log.println("   " + name + ": " + value));
        try (OutputDirectory out = OutputDirectory.make(options, disk)) {
            Map<String, String> machine = Machine.describe(out.path());
            machine.put("memory of the Java virtual machine", TOOL_MEMORY);
            return new Results(
                    machine,
                    disk.facts(),
                    compare(repository, disk, out.path(), options, log),
                    options.wants("ladder") ? CodecLadder.climb(disk.data(), log) : List.of(),
                    options.jmh() ? PieceScores.measure(disk.data(), log) : List.of());
        }
    }

    private static List<Comparison> compare(
            Path repository, BenchmarkDisk disk, Path out, Options options, PrintStream log)
            throws IOException, InterruptedException {
        String path = repository.resolve("examples") + ":" + System.getenv("PATH");
        Map<String, String> environment = Map.of("PATH", path, "STILLFRAME_JAVA_OPTS", TOOL_MEMORY);
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
            List<Path> inputs = prepare(contest, present, out, environment, log);
            done.add(rounds.run(contest));
            // All of them together would crowd the disk out of the page cache.
            for (Path input : inputs) {
                Files.deleteIfExists(input);
            }
        }
        return done;
    }

    /** Makes the images that a contest reads. */
    private static List<Path> prepare(
            Contest contest, Predicate<String> present, Path out, Map<String, String> environment, PrintStream log)
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
