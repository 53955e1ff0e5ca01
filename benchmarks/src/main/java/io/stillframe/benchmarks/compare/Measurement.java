package io.stillframe.benchmarks.compare;

import io.stillframe.benchmarks.report.Results;
import java.io.PrintStream;
import java.nio.file.Path;

/** What one of the scripts measures. */
interface Measurement {
    /** Heap and direct memory of the tool together are 256 MiB. */
    String TOOL_MEMORY = "-Xmx96m -XX:MaxDirectMemorySize=160m";

    /**
     * Runs what the options want.
     *
     * @param repository with the built jars
     * @param log gets a line for each step
     * @throws Exception whatever ends the program
     */
    Results measure(Path repository, Options options, PrintStream log) throws Exception;

    /** Whether its results stand beside those of other measurements of the same name even if all of it is measured. */
    default boolean isPart() {
        return false;
    }

    /**
     * The one that a script names.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    static Measurement named(String name) {
        return switch (name) {
            case "conversions" -> new Conversions();
            case "stores" -> new StoreTransfers();
            default ->
                throw new IllegalArgumentException(
                        "there are measurements of conversions and stores, none of '" + name + "'");
        };
    }
}
