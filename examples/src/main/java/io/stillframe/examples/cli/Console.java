package io.stillframe.examples.cli;

import io.stillframe.model.SnapshotId;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where the tool is called from.
 *
 * @param input standard input
 * @param output standard output as bytes; tells when they cannot be written, which a print stream hides
 * @param out results, one a line
 * @param err progress and errors
 * @param terminalColumns width of the terminal behind {@code err}; empty if it is none
 * @param environment environment variables
 */
record Console(
        InputStream input,
        OutputStream output,
        PrintStream out,
        PrintStream err,
        OptionalInt terminalColumns,
        Map<String, String> environment) {
    /** Set by the start script when standard error is a terminal: its width. The JDK cannot tell. */
    static final String COLUMNS_PROPERTY = "stillframe.terminal.columns";

    private static final int NARROWEST = 40;
    private static final int WIDEST = 500;

    /** The process's own. */
    static Console ofProcess() {
        return new Console(
                System.in,
                new FileOutputStream(FileDescriptor.out),
                new PrintStream(System.out, true, StandardCharsets.UTF_8),
                new PrintStream(System.err, true, StandardCharsets.UTF_8),
                columns(System.getProperty(COLUMNS_PROPERTY, "")),
                System.getenv());
    }

    /** An environment variable that is set and not blank. */
    Optional<String> variable(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
    }

    /** Prints a message of the tool, on one line whatever it holds. */
    void complain(String message) {
        err.println("stillframe: " + oneLine(message));
    }

    /** Prints what became of a snapshot in one line. */
    void report(SnapshotId snapshot, Enum<?> outcome, String detail) {
        String word = outcome.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        out.println(snapshot + "  " + word + "  " + oneLine(detail));
    }

    static String oneLine(String message) {
        return message.strip().replaceAll("\\s*\\R\\s*", "; ").replaceAll("\\p{Cntrl}", "?");
    }

    private static OptionalInt columns(String text) {
        if (!text.matches("[0-9]{1,4}")) {
            return OptionalInt.empty();
        }
        return OptionalInt.of(Math.max(NARROWEST, Math.min(WIDEST, Integer.parseInt(text))));
    }
}
