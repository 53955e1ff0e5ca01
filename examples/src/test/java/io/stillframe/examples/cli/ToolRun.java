package io.stillframe.examples.cli;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * One run of the tool in this process.
 *
 * @param exit its exit code
 * @param out its lines on standard output
 * @param err its lines on standard error
 */
record ToolRun(int exit, List<String> out, List<String> err) {
    static ToolRun of(Map<String, String> environment, String... args) {
        return run(OptionalInt.empty(), environment, args);
    }

    static ToolRun onTerminal(Map<String, String> environment, String... args) {
        return run(OptionalInt.of(100), environment, args);
    }

    private static ToolRun run(OptionalInt columns, Map<String, String> environment, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        Console console = new Console(InputStream.nullInputStream(), out, print(out), print(err), columns, environment);
        int exit = new Stillframe(console).run(args);
        return new ToolRun(exit, lines(out), lines(err));
    }

    /** The only line of standard error. */
    String complaint() {
        if (err.size() != 1) {
            throw new AssertionError("expected one line on standard error, got " + err);
        }
        return err.get(0);
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private static List<String> lines(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
