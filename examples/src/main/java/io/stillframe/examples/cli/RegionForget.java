package io.stillframe.examples.cli;

import io.stillframe.model.LastCopies;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code region forget}. */
@Command(
        name = "forget",
        description = {
            "Gives up all copies in a region that is gone for good: nothing is asked of it any more, and nothing waits for it.",
            "Give the regions that are left; for one that still answers use drain."
        })
final class RegionForget implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "REGION", description = "The region's name.")
    private String region = "";

    @Mixin
    private Places places = new Places();

    @Option(
            names = "--lose-last-copies",
            description =
                    "Snapshots whose only complete copy was there become failed; without it they stay and are reported.")
    private boolean lose;

    RegionForget(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        LastCopies lastCopies = lose ? LastCopies.GIVE_UP : LastCopies.KEEP;
        return new RegionRun(console, places)
                .of(
                        region,
                        (service, listener, cancellation) ->
                                service.forgetRegion(region, lastCopies, listener, cancellation));
    }
}
