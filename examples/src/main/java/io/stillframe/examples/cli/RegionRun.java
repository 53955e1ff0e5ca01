package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.RegionReport;
import io.stillframe.spi.Cancellation;
import java.util.function.Consumer;

/** One command's work on all snapshots of a region: shows how far it is, and in the end what could not be done. */
final class RegionRun {
    private final Console console;
    private final Places places;

    RegionRun(Console console, Places places) {
        this.console = console;
        this.places = places;
    }

    /** What a service does about the region. */
    interface Work {
        RegionReport run(SnapshotService service, Consumer<RegionReport> listener, Cancellation cancellation);
    }

    /** Gives the exit code. */
    int of(String region, Work work) {
        return of(places.storage(console), region, work);
    }

    /** The same, with a service that is told of more than the stores. */
    int of(SnapshotService.Builder builder, String region, Work work) {
        try (SnapshotService service = builder.build()) {
            RegionReport report = CancellableWork.run(
                    console,
                    "the work on region " + region,
                    cancellation -> work.run(service, this::show, cancellation));
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
