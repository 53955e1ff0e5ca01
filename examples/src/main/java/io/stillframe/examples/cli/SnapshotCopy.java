package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.Snapshot;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code snapshot copy}. */
@Command(
        name = "copy",
        description =
                "Copies a snapshot to one more region, or removes its copy from one, and waits until that is done.")
final class SnapshotCopy implements Callable<Integer> {
    private final Console console;

    @Mixin
    private SnapshotArgument snapshot = new SnapshotArgument();

    @Mixin
    private Places places = new Places();

    @ArgGroup(multiplicity = "1")
    private Change change = new Change();

    private static final class Change {
        @Option(names = "--to", paramLabel = "REGION", required = true, description = "The region to copy it to.")
        private Optional<String> to = Optional.empty();

        @Option(
                names = "--remove-from",
                paramLabel = "REGION",
                required = true,
                description = "The region to remove its copy from; another complete copy must be left.")
        private Optional<String> from = Optional.empty();
    }

    SnapshotCopy(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        try (SnapshotService service = places.storageOf(snapshot.id(), console)) {
            Snapshot done = change.to.isPresent()
                    ? copied(service, change.to.get())
                    : removed(service, change.from.orElseThrow());
            SnapshotText.copies(done).forEach(console.out()::println);
            return Stillframe.DONE;
        }
    }

    private Snapshot copied(SnapshotService service, String region) {
        service.addCopy(snapshot.id(), region);
        return CompleteCopies.await(service, snapshot.id(), List.of(region));
    }

    private Snapshot removed(SnapshotService service, String region) {
        service.removeCopy(snapshot.id(), region);
        return CompleteCopies.awaitNone(service, snapshot.id(), region);
    }
}
