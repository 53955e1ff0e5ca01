package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.RegionReport;
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
        try (SnapshotService service = builder.build()) {
            RegionReport report = CancellableWork.run(
                    console,
                    "the work on region " + region,
                    cancellation -> service.fillRegion(region, SnapshotQuery.all(), this::show, cancellation));
            report.failures()
                    .forEach(failed -> console.out()
                            .println("failed  " + failed.snapshot() + "  " + Console.oneLine(failed.reason())));
            show(report);
            return report.failures().isEmpty() ? Stillframe.DONE : Stillframe.FAILED;
        }
    }

    private void show(RegionReport report) {
        console.err()
                .println(report.done() + " of " + report.begun() + " snapshots done, "
                        + report.failures().size() + " failed");
    }
}
