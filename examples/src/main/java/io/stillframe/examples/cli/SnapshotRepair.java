package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.ScrubReport;
import io.stillframe.model.ScrubReport.Outcome;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code snapshot repair}. */
@Command(
        name = "repair",
        description =
                "Reads every byte of a snapshot's copies, copies damaged ones anew from a whole one, and waits until that is done.")
final class SnapshotRepair implements Callable<Integer> {
    private final Console console;

    @Mixin
    private SnapshotArgument snapshot = new SnapshotArgument();

    @Mixin
    private Places places = new Places();

    @Option(names = "--dry-run", description = "Only tells which copies are whole.")
    private boolean dryRun;

    SnapshotRepair(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        try (SnapshotService service = places.storage(console).build()) {
            ScrubReport report = CancellableWork.run(
                    console,
                    "the repair",
                    cancellation -> dryRun
                            ? service.scrub(snapshot.id(), cancellation)
                            : service.repair(snapshot.id(), cancellation));
            report.items().forEach(this::print);
            if (report.count(Outcome.REPAIRING) > 0) {
                CompleteCopies.await(service, snapshot.id(), repairing(report));
                console.err().println("the damaged copies are whole again");
            }
            return report.count(Outcome.DAMAGED) == 0 ? Stillframe.DONE : Stillframe.FAILED;
        }
    }

    private static List<String> repairing(ScrubReport report) {
        return report.items().stream()
                .filter(item -> item.outcome() == Outcome.REPAIRING)
                .map(ScrubReport.Item::region)
                .toList();
    }

    private void print(ScrubReport.Item item) {
        console.out()
                .println(item.outcome().name().toLowerCase(Locale.ROOT) + "  " + item.region() + "  "
                        + Console.oneLine(item.detail()));
    }
}
