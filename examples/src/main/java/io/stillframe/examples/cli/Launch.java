package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.ReadFrom;
import io.stillframe.model.SnapshotException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code launch}. */
@Command(
        name = "launch",
        description =
                "Makes a new instance from a snapshot and starts it; on the hypervisor that the snapshot was taken on, "
                        + "unless --hypervisor names another.")
final class Launch implements Callable<Integer> {
    private final Console console;

    @Mixin
    private SnapshotArgument snapshot = new SnapshotArgument();

    @Mixin
    private Places places = new Places();

    @Option(names = "--as", required = true, paramLabel = "NAME", description = "The new instance's name.")
    private String name = "";

    @Option(
            names = "--disk-size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "The root disk's size, e.g. 20G, at least the snapshot's; default: the snapshot's.")
    private Optional<ByteSize> diskSize = Optional.empty();

    @Option(names = "--all-disks", description = "All disks of the snapshot, not the root disk alone.")
    private boolean allDisks;

    @Option(names = "--no-start", description = "Defines the instance without starting it.")
    private boolean defineOnly;

    @Option(
            names = "--from",
            paramLabel = "REGION",
            description = "Reads that region's copy, and another one where something is missing or broken there.")
    private Optional<String> region = Optional.empty();

    @Option(names = "--no-fallback", description = "Reads no other region's copy.")
    private boolean noFallback;

    @Option(names = "--json", description = "Prints the new instance as JSON.")
    private boolean json;

    Launch(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        LaunchRequest request = request();
        try (SnapshotService service = places.onHost(
                        places.storage(console), places.hypervisorFor(snapshot.id(), console), console)
                .build()) {
            print(launch(service, request));
            return Stillframe.DONE;
        }
    }

    private LaunchedInstance launch(SnapshotService service, LaunchRequest request) {
        try (ProgressDisplay display = new ProgressDisplay(console)) {
            return CancellableWork.run(
                    console,
                    "the launch of " + name,
                    cancellation -> service.launch(
                            request,
                            (device, progress) -> display.show("launching: " + device, Optional.of(progress)),
                            cancellation));
        }
    }

    private LaunchRequest request() {
        try {
            LaunchRequest request = LaunchRequest.of(snapshot.id(), name);
            if (allDisks) {
                request = request.withDisks(DiskSelection.all());
            }
            ReadFrom.Fallback fallback = noFallback ? ReadFrom.Fallback.REFUSED : ReadFrom.Fallback.ALLOWED;
            request = request.withReadFrom(new ReadFrom(region, fallback));
            if (defineOnly) {
                request = request.withStart(LaunchRequest.Start.DEFINED_ONLY);
            }
            return diskSize.isPresent()
                    ? request.withRootDiskSize(diskSize.get().bytes())
                    : request;
        } catch (SnapshotException e) {
            throw new UsageException(e);
        }
    }

    private void print(LaunchedInstance launched) {
        if (json) {
            console.out().println(InstanceJson.text(launched));
            return;
        }
        console.out().println("instance " + launched.name() + " (" + launched.id() + ")");
        launched.disks()
                .forEach(disk -> console.out()
                        .println("disk " + disk.device() + ": " + disk.location() + ", " + disk.format() + ", "
                                + SnapshotText.size(disk.virtualSize())));
    }
}
