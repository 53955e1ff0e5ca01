package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.Snapshot;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code snapshot cancel}. */
@Command(
        name = "cancel",
        description = "Cancels a snapshot that is not available yet: the instance is as it was, nothing stays stored.")
final class SnapshotCancel implements Callable<Integer> {
    private final Console console;

    @Mixin
    private SnapshotArgument snapshot = new SnapshotArgument();

    @Mixin
    private Places places = new Places();

    SnapshotCancel(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        try (SnapshotService service = places.storageOf(snapshot.id(), console)) {
            Snapshot cancelled = service.cancel(snapshot.id());
            console.err().println(cancelled.id() + " is " + ProgressLine.state(cancelled));
            return Stillframe.DONE;
        }
    }
}
