package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.RebuildReport;
import io.stillframe.model.RebuildReport.Outcome;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code catalog rebuild}. */
@Command(
        name = "rebuild",
        description = {
            "Restores lost records of available snapshots from the manifests in the store, and from nothing else.",
            "Records that exist stay as they are. Nothing is removed, whatever has expired meanwhile."
        })
final class CatalogRebuild implements Callable<Integer> {
    private final Console console;

    @Mixin
    private Places places = new Places();

    CatalogRebuild(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        try (SnapshotService service = places.storage(console).build()) {
            RebuildReport report = CancellableWork.run(console, "the rebuild", service::rebuildCatalog);
            report.items().forEach(item -> console.report(item.snapshot(), item.outcome(), item.detail()));
            console.err()
                    .println(report.count(Outcome.RESTORED) + " restored, " + report.count(Outcome.KNOWN) + " known, "
                            + report.count(Outcome.FAILED) + " failed");
            return report.count(Outcome.FAILED) == 0 ? Stillframe.DONE : Stillframe.FAILED;
        }
    }
}
