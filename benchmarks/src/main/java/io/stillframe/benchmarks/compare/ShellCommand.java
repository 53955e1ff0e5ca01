package io.stillframe.benchmarks.compare;

import io.stillframe.benchmarks.report.Results.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A command of the shell, measured with all its processes: wall time from outside, processor time by the shell's {@code times}, memory
 * by looking at {@code /proc} every few milliseconds (the kernel keeps each process's own peak).
 *
 * @param line as typed
 * @param directory where it runs
 * @param environment added to this process's own
 */
record ShellCommand(String line, Path directory, Map<String, String> environment) {
    private static final long LOOK_MILLIS = 20;
    private static final Pattern TIMES = Pattern.compile("(\\d+)m([\\d.]+)s\\s+(\\d+)m([\\d.]+)s");
    private static final Pattern PEAK = Pattern.compile("VmHWM:\\s+(\\d+) kB");

    /** Thrown when a command fails; the message has what it printed. */
    static final class FailedException extends RuntimeException {
        private static final long serialVersionUID = 1;

        FailedException(String message) {
            super(message);
        }
    }

    /** Runs it to its end. */
    Run run() throws IOException, InterruptedException {
        Path log = Files.createTempFile("benchmark", ".log");
        Path times = Files.createTempFile("benchmark", ".times");
        try {
            ProcessBuilder builder = new ProcessBuilder(List.of(
                    "/bin/sh", "-c", "{ " + line + " ; } ; status=$?; times > \"$BENCHMARK_TIMES\"; exit $status"));
            builder.directory(directory.toFile()).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().putAll(environment);
            builder.environment().put("BENCHMARK_TIMES", times.toString());
            long start = System.nanoTime();
            Process process = builder.start();
            long peak = 0;
            while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                peak = Math.max(peak, peak(process.pid()));
            }
            double wall = (System.nanoTime() - start) / 1e9;
            if (process.exitValue() != 0) {
                throw new FailedException(
                        "`" + line + "` ended with " + process.exitValue() + ": " + tail(Files.readString(log)));
            }
            double[] processor = processorOfChildren(Files.readString(times));
            return new Run(wall, processor[0], processor[1], peak);
        } finally {
            Files.delete(log);
            Files.delete(times);
        }
    }

    private static String tail(String text) {
        String stripped = text.strip();
        return stripped.substring(Math.max(0, stripped.length() - 500));
    }

    /** User and system seconds in the second line of what {@code times} prints: those of the shell's children. */
    static double[] processorOfChildren(String times) {
        MatchResult children = TIMES.matcher(times)
                .results()
                .skip(1)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("not what the shell's 'times' prints: " + times));
        return new double[] {seconds(children, 1), seconds(children, 3)};
    }

    private static double seconds(MatchResult times, int minutes) {
        return 60 * Double.parseDouble(times.group(minutes)) + Double.parseDouble(times.group(minutes + 1));
    }

    /** The peaks of a process and its descendants together. */
    private static long peak(long pid) {
        long sum = 0;
        Deque<String> open = new ArrayDeque<>(List.of(Long.toString(pid)));
        while (!open.isEmpty()) {
            String each = open.remove();
            Matcher peak = PEAK.matcher(content("/proc/" + each + "/status"));
            sum += peak.find() ? Long.parseLong(peak.group(1)) * 1024 : 0;
            String children =
                    content("/proc/" + each + "/task/" + each + "/children").strip();
            if (!children.isEmpty()) {
                open.addAll(List.of(children.split("\\s+")));
            }
        }
        return sum;
    }

    /** Empty once the process has gone. */
    private static String content(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            return "";
        }
    }
}
