package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.Retention;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code snapshot retain}. */
@Command(
        name = "retain",
        description = "Changes how long a snapshot is kept, or puts it under a legal hold that overrides its days.")
final class SnapshotRetain implements Callable<Integer> {
    private final Console console;

    @Mixin
    private SnapshotArgument snapshot = new SnapshotArgument();

    @Mixin
    private Places places = new Places();

    @ArgGroup(multiplicity = "1")
    private Change change = new Change();

    SnapshotRetain(Console console) {
        this.console = console;
    }

    private static final class Change {
        @Option(
                names = "--retention-days",
                paramLabel = "N",
                required = true,
                description = "Days to keep it after its completion; 0 for ever.")
        private Optional<Integer> days = Optional.empty();

        @Option(
                names = "--legal-hold",
                paramLabel = "REASON",
                required = true,
                description = "Keeps it until the hold is lifted, whatever its days say.")
        private Optional<String> hold = Optional.empty();

        @Option(names = "--lift-hold", required = true, description = "Lifts the legal hold; its days count again.")
        private boolean lift;

        Retention of(Retention now) {
            if (hold.isPresent()) {
                return now.withLegalHold(hold.get());
            }
            return lift ? now.withoutLegalHold() : new Retention(days.orElse(now.days()), now.legalHold());
        }
    }

    @Override
    public Integer call() {
        SnapshotId id = snapshot.id();
        try (SnapshotService service = places.storage(console).build()) {
            Snapshot changed =
                    service.changeRetention(id, change.of(service.get(id).retention()));
            String until = changed.expiresAt().map(at -> ", expires at " + at).orElse("");
            console.err().println(id + " is kept " + changed.retention() + until);
            return Stillframe.DONE;
        }
    }
}
