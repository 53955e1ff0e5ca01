package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.SnapshotQuery;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code region fill}. */
@Command(
        name = "fill",
        description =
                "Copies all available snapshots to a region, and waits until that is done. Interrupted and called again, it goes on.")
final class RegionFill implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "REGION", description = "The region's name.")
    private String region = "";

    @Mixin
    private Places places = new Places();

    RegionFill(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        SnapshotService.Builder builder = places.storage(console);
        // What is kept on volumes alone is read from there.
        places.hypervisor(console).ifPresent(uri -> places.onHost(builder, uri, console));
        return new RegionRun(console, places)
                .of(
                        builder,
                        region,
                        (service, listener, cancellation) ->
                                service.fillRegion(region, SnapshotQuery.all(), listener, cancellation));
    }
}
