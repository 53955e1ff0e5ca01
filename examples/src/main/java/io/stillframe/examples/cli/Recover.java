package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.RecoveryReport;
import io.stillframe.model.RecoveryReport.Outcome;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code recover}. */
@Command(
        name = "recover",
        description = {
            "Puts right what processes left that were killed: instances run again, disk chains are merged, transfers go on.",
            "Looks first, leaves alone whatever has a living owner, and may be run at any time, any number of times."
        })
final class Recover implements Callable<Integer> {
    private final Console console;

    @Mixin
    private Places places = new Places();

    Recover(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        try (SnapshotService service = places.everything(console).build()) {
            RecoveryReport report = CancellableWork.run(console, "the recovery", service::recover);
            report.items().forEach(item -> console.report(item.snapshot(), item.outcome(), item.detail()));
            if (report.items().isEmpty()) {
                console.err().println("nothing to recover");
            }
            int exit = report.with(Outcome.STILL_OWED).isEmpty() ? Stillframe.DONE : Stillframe.FAILED;
            for (SnapshotId resumed : report.with(Outcome.RESUMED)) {
                exit = Math.max(exit, finish(service, resumed));
            }
            return exit;
        }
    }

    /** A resumed transfer goes on in this process. */
    private int finish(SnapshotService service, SnapshotId id) {
        Snapshot settled;
        try (SnapshotWatch watch = new SnapshotWatch(console, places, service, id)) {
            settled = watch.await(SnapshotService.settled());
        }
        return SnapshotWatch.conclude(settled, console);
    }
}
