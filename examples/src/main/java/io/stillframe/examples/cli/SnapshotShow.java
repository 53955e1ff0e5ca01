package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.catalog.RecordJson;
import io.stillframe.model.Snapshot;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code snapshot show}. */
@Command(name = "show", description = "Shows one snapshot with all that is known of it.")
final class SnapshotShow implements Callable<Integer> {
    private final Console console;

    @Mixin
    private SnapshotArgument snapshot = new SnapshotArgument();

    @Mixin
    private Places places = new Places();

    @Option(names = "--json", description = "Prints the whole record.")
    private boolean json;

    SnapshotShow(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        try (SnapshotService service = places.records(console).build()) {
            Snapshot found = service.get(snapshot.id());
            if (json) {
                console.out().println(RecordJson.write(found));
            } else {
                SnapshotText.details(found).forEach(console.out()::println);
            }
            return Stillframe.DONE;
        }
    }
}
