package io.stillframe.image;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** The command line tools that tests compare with. */
public final class StockTools {
    private StockTools() {}

    /** Skips the test, saying why, where one of the programs is not installed; fails it where the lab's tests are required. */
    public static void require(String... programs) {
        List<String> missing =
                Arrays.stream(programs).filter(program -> !isInstalled(program)).toList();
        if (missing.isEmpty()) {
            return;
        }
        String reason = String.join(" and ", missing) + " not installed: see examples/lab/install.sh";
        if (wish().equals("required")) {
            throw new AssertionError(reason);
        }
        Assumptions.abort("skipped: " + reason);
    }

    private static boolean isInstalled(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
    }

    private static String wish() {
        String unsaid = "true".equals(System.getenv("CI")) ? "required" : "if-possible";
        return Optional.ofNullable(System.getenv("STILLFRAME_LAB_TESTS")).orElse(unsaid);
    }
}
