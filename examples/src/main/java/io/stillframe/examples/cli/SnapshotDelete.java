package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code snapshot delete}. */
@Command(
        name = "delete",
        description =
                "Deletes a snapshot in whatever status: cancels its work, removes what is stored, then its record.")
final class SnapshotDelete implements Callable<Integer> {
    private final Console console;

    @Mixin
    private SnapshotArgument snapshot = new SnapshotArgument();

    @Mixin
    private Places places = new Places();

    @Mixin
    private ClonesOption clones = new ClonesOption();

    SnapshotDelete(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        try (SnapshotService service = places.storageOf(snapshot.id(), clones.settings(), console)) {
            service.delete(snapshot.id());
            console.err().println("deleted " + snapshot.id());
            return Stillframe.DONE;
        }
    }
}
