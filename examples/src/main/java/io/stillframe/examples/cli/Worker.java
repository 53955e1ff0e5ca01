package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code worker}: what {@code snapshot create} without {@code --wait} leaves running, and a fleet's node. */
@Command(
        name = "worker",
        description = {
            "Goes on with a queued snapshot whose process handed it over or died, until it is available.",
            "Without --snapshot: works on everything that waits for this hypervisor and store, until it is told to stop."
        })
final class Worker implements Callable<Integer> {
    private final Console console;

    @Option(
            names = "--snapshot",
            paramLabel = "ID",
            converter = SnapshotIdConverter.class,
            description = "The queued snapshot's id.")
    private Optional<SnapshotId> snapshot = Optional.empty();

    @Mixin
    private Places places = new Places();

    @Mixin
    private FleetLimits limits = new FleetLimits();

    Worker(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException {
        return snapshot.isPresent() ? finish(snapshot.get()) : serve();
    }

    /** Ends with the process only. */
    @SuppressWarnings("try") // the watch only has to last
    private int serve() throws InterruptedException {
        ServiceSettings settings = ServiceSettings.builder()
                .worker(ServiceSettings.Worker.ANY)
                .limits(limits.limits())
                .build();
        CountDownLatch stopped = new CountDownLatch(1);
        try (SnapshotService service =
                        places.everything(console).settings(settings).build();
                InterruptibleWork stop = new InterruptibleWork(console, () -> {
                    service.close();
                    return "what was not finished is left to other workers";
                })) {
            console.err().println("working on what waits; Ctrl-C ends it");
            stopped.await();
        }
        return Stillframe.DONE;
    }

    private int finish(SnapshotId wanted) {
        Snapshot settled;
        ServiceSettings settings = Places.settings().limits(limits.limits()).build();
        try (SnapshotService service =
                places.everything(console).settings(settings).build()) {
            SnapshotId id = service.resume(wanted).id();
            try (SnapshotWatch watch = new SnapshotWatch(console, places, service, id)) {
                settled = watch.await(SnapshotService.settled());
            }
        }
        return SnapshotWatch.conclude(settled, console);
    }
}
