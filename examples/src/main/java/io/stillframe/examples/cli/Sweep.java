package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport;
import io.stillframe.model.SweepReport.Action;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sweep}. */
@Command(
        name = "sweep",
        description =
                "Removes expired snapshots and what nothing needs any more in the store, and with --hypervisor on the host.")
final class Sweep implements Callable<Integer> {
    private final Console console;

    @Mixin
    private Places places = new Places();

    @Option(names = "--dry-run", description = "Only prints what would be removed.")
    private boolean dryRun;

    @Mixin
    private ClonesOption clones = new ClonesOption();

    Sweep(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        SnapshotService.Builder builder = places.storage(console).settings(clones.settings());
        places.hypervisor(console).ifPresent(uri -> places.onHost(builder, uri, console));
        try (SnapshotService service = builder.build()) {
            SweepMode mode = dryRun ? SweepMode.DRY_RUN : SweepMode.REMOVE;
            SweepReport report =
                    CancellableWork.run(console, "the sweep", cancellation -> service.sweep(mode, cancellation));
            report.items().forEach(this::print);
            console.err().println(summary(report));
            return report.count(Action.FAILED) == 0 ? Stillframe.DONE : Stillframe.FAILED;
        }
    }

    private void print(SweepReport.Item item) {
        console.out()
                .println(words(item.action()) + "  " + words(item.kind()) + "  " + item.subject() + "  "
                        + ByteSize.format(item.bytes()) + "  " + Console.oneLine(item.detail()));
    }

    private static String summary(SweepReport report) {
        return report.mode() == SweepMode.DRY_RUN
                ? report.count(Action.WOULD_REMOVE) + " would be removed, " + report.count(Action.KEPT) + " kept"
                : report.count(Action.REMOVED) + " removed, " + report.count(Action.KEPT) + " kept, "
                        + report.count(Action.FAILED) + " failed";
    }

    private static String words(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
