package io.stillframe.examples.cli;

import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code region drain}. */
@Command(
        name = "drain",
        description =
                "Removes all copies from a region, and waits until that is done. Interrupted and called again, it goes on.")
final class RegionDrain implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "REGION", description = "The region's name.")
    private String region = "";

    @Mixin
    private Places places = new Places();

    @Option(
            names = "--to",
            paramLabel = "REGION",
            description = "Where snapshots are copied to first that have their only copy there; without it they stay.")
    private Optional<String> to = Optional.empty();

    RegionDrain(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        return new RegionRun(console, places)
                .of(
                        region,
                        (service, listener, cancellation) -> service.drainRegion(region, to, listener, cancellation));
    }
}
