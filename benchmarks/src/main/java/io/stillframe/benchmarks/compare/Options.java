package io.stillframe.benchmarks.compare;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/**
 * What the command line says.
 *
 * @param dataBytes data on the disk
 * @param runs of each command, at most
 * @param budget after which a comparison begins no further round
 * @param work directory for the disk, made if it is missing
 * @param out directory for what the commands write; {@code auto} takes memory if there is room, else {@code work}
 * @param results directory that gets results and report
 * @param only part of the titles to be run; empty for all
 * @param jmh whether the benchmarks of the pieces run, too
 * @param render whether to render the report from {@code results} anew and measure nothing
 */
record Options(
        long dataBytes,
        int runs,
        Duration budget,
        Path work,
        String out,
        Path results,
        String only,
        boolean jmh,
        boolean render) {
    static final String USAGE = """
            options:
              --quick            a disk with 1 GiB of data instead of 4 GiB, and 2 runs of each command
              --runs N           runs of each command (3)
              --budget SECONDS   begin no further round of a comparison after this time (1200)
              --work DIR         where the disk is made and kept for the next call (/var/tmp/stillframe-benchmarks)
              --out DIR          where the commands write (memory, if there is room)
              --name NAME        results go to benchmarks/results/NAME (local)
              --only TEXT        only comparisons whose title has TEXT, "ladder" is one; what NAME has of others is kept
              --jmh              run the JMH benchmarks of the pieces, too
              --render           only render the report of --name anew
            """;

    /**
     * Reads the command line.
     *
     * @param root directory of this module
     * @throws IllegalArgumentException with a message for the user
     */
    static Options parse(Path root, String... arguments) {
        long data = 4L << 30;
        int runs = 3;
        long budget = 1200;
        String work = "/var/tmp/stillframe-benchmarks";
        String out = "auto";
        String name = "local";
        String only = "";
        boolean jmh = false;
        boolean render = false;
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--quick" -> {
                    data = 1L << 30;
                    runs = 2;
                }
                case "--jmh" -> jmh = true;
                case "--render" -> render = true;
                case "--runs" -> runs = (int) number(arguments, ++i);
                case "--budget" -> budget = number(arguments, ++i);
                case "--work" -> work = value(arguments, ++i);
                case "--out" -> out = value(arguments, ++i);
                case "--name" -> name = value(arguments, ++i);
                case "--only" -> only = value(arguments, ++i).toLowerCase(Locale.ROOT);
                default -> throw new IllegalArgumentException("unknown option '" + arguments[i] + "'\n" + USAGE);
            }
        }
        if (!name.matches("[A-Za-z0-9._-]+") || name.startsWith(".")) {
            throw new IllegalArgumentException("--name takes letters, digits, '.', '_' and '-', got '" + name + "'");
        }
        Path results = root.resolve("results").resolve(name);
        return new Options(data, runs, Duration.ofSeconds(budget), Path.of(work), out, results, only, jmh, render);
    }

    private static String value(String[] arguments, int at) {
        if (at == arguments.length) {
            throw new IllegalArgumentException(arguments[at - 1] + " needs a value\n" + USAGE);
        }
        return arguments[at];
    }

    private static long number(String[] arguments, int at) {
        String value = value(arguments, at);
        if (!value.matches("[1-9]\\d{0,8}")) {
            throw new IllegalArgumentException(
                    arguments[at - 1] + " takes a whole number from 1 on, got '" + value + "'");
        }
        return Long.parseLong(value);
    }

    boolean wants(String title) {
        return title.toLowerCase(Locale.ROOT).contains(only);
    }
}
