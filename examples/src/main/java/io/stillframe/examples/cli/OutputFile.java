package io.stillframe.examples.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The image file that a command writes. */
final class OutputFile {
    @Parameters(index = "1", arity = "1", paramLabel = "OUT", description = "The image file to write; appears when complete.")
    private Optional<Path> path = Optional.empty();

    @Option(names = "--force", description = "Replaces a file that exists.")
    private boolean force;

    Path path() {
        return path.orElseThrow();
    }

    /** Refuses a file that exists, unless it is to be replaced. */
    void requireFree() {
        if (!force && Files.exists(path())) {
            throw new UsageException(path() + " exists; give another name, or --force to replace it");
        }
    }
}
