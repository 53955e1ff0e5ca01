package io.stillframe.examples.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** What to do about a file that a command is to write and that exists. */
final class OutputOption {
    @Option(names = "--force", description = "Replaces the file to write if it exists.")
    private boolean force;

    /** Refuses a file that exists, unless it is to be replaced. */
    Path free(Path file) {
        if (!force && Files.exists(file)) {
            throw new UsageException(file + " exists; give another name, or --force to replace it");
        }
        return file;
    }
}
