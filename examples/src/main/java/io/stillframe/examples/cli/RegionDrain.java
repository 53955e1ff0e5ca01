package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.RegionReport;
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
        try (SnapshotService service = places.storage(console).build()) {
            RegionReport report = CancellableWork.run(
                    console,
                    "the work on region " + region,
                    cancellation -> service.drainRegion(region, to, this::show, cancellation));
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
