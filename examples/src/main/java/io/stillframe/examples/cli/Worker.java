package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code worker}: what {@code snapshot create} without {@code --wait} leaves running. */
@Command(
        name = "worker",
        description = "Goes on with a queued snapshot whose process handed it over or died, until it is available.")
final class Worker implements Callable<Integer> {
    private final Console console;

    @Option(
            names = "--snapshot",
            required = true,
            paramLabel = "ID",
            converter = SnapshotIdConverter.class,
            description = "The queued snapshot's id.")
    private Optional<SnapshotId> snapshot = Optional.empty();

    @Mixin
    private Places places = new Places();

    Worker(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        Snapshot settled;
        try (SnapshotService service = places.everything(console).build()) {
            SnapshotId id = service.resume(snapshot.orElseThrow()).id();
            try (SnapshotWatch watch = new SnapshotWatch(console, places, service, id)) {
                settled = watch.await(SnapshotService.settled());
            }
        }
        return SnapshotWatch.conclude(settled, console);
    }
}
