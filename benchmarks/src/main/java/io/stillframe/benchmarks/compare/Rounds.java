package io.stillframe.benchmarks.compare;

import io.stillframe.benchmarks.report.Results.Comparison;
import io.stillframe.benchmarks.report.Results.Run;
import io.stillframe.benchmarks.report.Results.Side;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/** Runs the sides of a contest in turn, A B C A B C, and verifies what each wrote in its first round. */
final class Rounds {
    private final BenchmarkDisk disk;
    private final Path directory;
    private final Map<String, String> environment;
    private final Predicate<String> present;
    private final Options options;
    private final PrintStream log;

    /**
     * @param directory where the commands run
     * @param present whether what a contender needs is there
     * @param log told of every run
     */
    Rounds(
            BenchmarkDisk disk,
            Path directory,
            Map<String, String> environment,
            Predicate<String> present,
            Options options,
            PrintStream log) {
        this.disk = disk;
        this.directory = directory;
        this.environment = Map.copyOf(environment);
        this.present = present;
        this.options = options;
        this.log = log;
    }

    /** Of the disk's data. */
    Comparison run(Contest contest) throws IOException, InterruptedException {
        return run(contest, disk.dataBytes());
    }

    /** @param inputBytes that each side turns over */
    Comparison run(Contest contest, long inputBytes) throws IOException, InterruptedException {
        log.println("== " + contest.title());
        Map<Contender, Standing> standings = new LinkedHashMap<>();
        contest.contenders().forEach(contender -> standings.put(contender, standing(contender)));
        disk.intoPageCache();
        long deadline = System.nanoTime() + options.budget().toNanos();
        for (int round = 0; round < options.runs() && (round == 0 || System.nanoTime() < deadline); round++) {
            for (Contender contender : order(contest.contenders(), round)) {
                Standing standing = Objects.requireNonNull(standings.get(contender));
                if (standing.able) {
                    run(contender, standing, round);
                }
            }
        }
        List<Side> sides = new ArrayList<>();
        standings.forEach((contender, standing) -> sides.add(standing.side(contender, inputBytes)));
        return new Comparison(contest.title(), sides, contest.bars());
    }

    /** Another one begins each round: whoever is first pays for the memory that the page cache gives back. */
    private static List<Contender> order(List<Contender> contenders, int round) {
        List<Contender> order = new ArrayList<>(contenders);
        Collections.rotate(order, -round);
        return order;
    }

    private Standing standing(Contender contender) {
        Optional<String> missing =
                contender.needs().stream().filter(present.negate()).findFirst();
        Standing standing = new Standing();
        standing.able = missing.isEmpty();
        standing.state = missing.map(what -> "absent: no " + what).orElse("not run");
        return standing;
    }

    private void run(Contender contender, Standing standing, int round) throws IOException, InterruptedException {
        remove(contender.output());
        try {
            Run run = new ShellCommand(contender.command(), directory, environment).run();
            standing.runs.add(run);
            standing.outputBytes = stored(contender.output());
            log.printf("   %-34s %7.2f s wall %7.2f s processor%n", contender.name(), run.wall(), run.processor());
            if (round == 0) {
                Run unused = new ShellCommand(contender.verify(), directory, environment).run();
                standing.state = "verified";
            }
        } catch (ShellCommand.FailedException e) {
            log.println("   " + contender.name() + ": " + e.getMessage());
            standing.runs.clear();
            standing.able = false;
            standing.state = "failed, see the log";
        } finally {
            remove(contender.output());
        }
    }

    private long stored(String output) throws IOException {
        return output.isEmpty() ? 0 : Files.size(directory.resolve(output));
    }

    private void remove(String output) throws IOException {
        if (!output.isEmpty()) {
            Files.deleteIfExists(directory.resolve(output));
        }
    }

    private static final class Standing {
        private final List<Run> runs = new ArrayList<>();
        private String state = "";
        private boolean able;
        private long outputBytes;

        Side side(Contender contender, long inputBytes) {
            return new Side(contender.name(), contender.command(), state, inputBytes, outputBytes, List.copyOf(runs));
        }
    }
}
