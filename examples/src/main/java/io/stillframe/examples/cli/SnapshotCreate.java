package io.stillframe.examples.cli;

import io.stillframe.SnapshotService;
import io.stillframe.model.Availability;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.Compression;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.Keep;
import io.stillframe.model.Placement;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.ServiceSettings.AfterCapture;
import io.stillframe.model.ShutdownPolicy;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Storing;
import io.stillframe.model.Tenant;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code snapshot create}. */
@Command(
        name = "create",
        description = {
            "Takes a snapshot of an instance's disks and prints its id, the last line on standard output.",
            "Without --wait it returns when the instance is back and the snapshot is queued; a process in the background goes on."
        })
final class SnapshotCreate implements Callable<Integer> {
    private final Console console;

    @Mixin
    private Places places = new Places();

    @Mixin
    private FleetLimits limits = new FleetLimits();

    @Option(
            names = "--instance",
            required = true,
            paramLabel = "NAME",
            description = "The instance, by name or identity.")
    private String instance = "";

    @Option(names = "--name", paramLabel = "NAME", description = "The snapshot's name; default: instance and time.")
    private Optional<String> name = Optional.empty();

    @Option(
            names = "--tenant",
            paramLabel = "NAME",
            description = "Whom it is taken for; work that waits is divided between tenants.")
    private Optional<String> tenant = Optional.empty();

    @Option(
            names = "--retention-days",
            paramLabel = "D",
            description = "Deleted exactly D x 24 hours after completion; 0, the default: kept for ever.")
    private int retentionDays;

    @Option(
            names = "--capture",
            paramLabel = "MODE",
            description =
                    "shutdown (default): the guest is shut down, stopped hard if it does not obey, and started again;"
                            + " live: it goes on, frozen for a moment if its agent can.")
    private CaptureMode capture = CaptureMode.SHUTDOWN;

    @Option(
            names = "--codec",
            paramLabel = "NAME",
            description = "What the disks are stored as; default: " + SnapshotRequest.DEFAULT_CODEC + ".")
    private String codec = SnapshotRequest.DEFAULT_CODEC;

    @Option(
            names = "--compression",
            paramLabel = "ALGORITHM[:LEVEL]",
            description = "E.g. zstd:1 or none; default: the codec's own.")
    private Optional<String> compression = Optional.empty();

    @Option(
            names = "--disk",
            paramLabel = "DEVICE",
            description = "Only this disk, e.g. vda; may be repeated. Default: all.")
    private List<String> disks = List.of();

    @Option(
            names = "--shutdown-window",
            paramLabel = "TIME",
            converter = TimeSpan.Converter.class,
            description = "How long the guest has to shut down before it is stopped hard; default: 60s.")
    private Optional<TimeSpan> window = Optional.empty();

    @Option(
            names = "--shutdown-interval",
            paramLabel = "TIME",
            converter = TimeSpan.Converter.class,
            description = "Time between two shutdown events; default: 5s, or less in a short window.")
    private Optional<TimeSpan> interval = Optional.empty();

    @Option(
            names = "--to",
            paramLabel = "REGION",
            description = "A region to keep it in, the first one being its home; may be repeated. Default: the first"
                    + " of the service's alone.")
    private List<String> regions = List.of();

    @Option(
            names = "--available",
            paramLabel = "POLICY",
            description = "home (default), quorum or all: which of its regions must have it before it is available.")
    private Availability availability = Availability.HOME;

    @Option(
            names = "--keep",
            paramLabel = "WHERE",
            description =
                    "volumes: as a snapshot of the volumes that the disks are, without moving a byte; stores; both;"
                            + " automatic (default): on the volumes where all disks are such and no region is named.")
    private Keep keep = Keep.AUTOMATIC;

    @Option(
            names = "--storing",
            paramLabel = "WHAT",
            description = "whole (default); changes: only what differs from the instance's latest snapshot, whose"
                    + " packs, and those that it is built on, stay as long as they are needed.")
    private Storing storing = Storing.WHOLE;

    @Option(names = "--wait", description = "Returns when the snapshot is available or has failed.")
    private boolean wait;

    SnapshotCreate(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        SnapshotRequest request = request();
        Snapshot reached;
        try (SnapshotService service =
                places.everything(console).settings(settings()).build()) {
            reached = take(service, request);
        }
        return conclude(reached);
    }

    private Snapshot take(SnapshotService service, SnapshotRequest request) {
        SnapshotId id = service.create(request).id();
        console.out().println(id);
        console.out().flush();
        try (SnapshotWatch watch = new SnapshotWatch(console, places, service, id)) {
            return watch.await(wait ? SnapshotService.settled() : SnapshotService.captured());
        }
    }

    private int conclude(Snapshot reached) {
        if (reached.status() == SnapshotStatus.QUEUED) {
            String worker = WorkerProcess.start(reached.id(), places, limits, console);
            console.err().println("the instance is back, the snapshot is queued; " + worker);
            return Stillframe.DONE;
        }
        return SnapshotWatch.conclude(reached, console);
    }

    private ServiceSettings settings() {
        AfterCapture afterCapture = wait ? AfterCapture.TRANSFER : AfterCapture.HAND_OVER;
        return Places.settings()
                .afterCapture(afterCapture)
                .limits(limits.limits())
                .build();
    }

    private SnapshotRequest request() {
        try {
            SnapshotRequest request = SnapshotRequest.of(instance)
                    .withRetentionDays(retentionDays)
                    .withCapture(capture)
                    .withShutdown(shutdown())
                    .withCodec(codec)
                    .withStoring(storing)
                    .withPlacement(Placement.home()
                            .withRegions(regions)
                            .withAvailability(availability)
                            .withKeep(keep));
            if (!disks.isEmpty()) {
                request = request.withDisks(DiskSelection.devices(disks));
            }
            if (name.isPresent()) {
                request = request.withName(name.get());
            }
            if (tenant.isPresent()) {
                request = request.withTenant(new Tenant(tenant.get()));
            }
            return compression.isPresent() ? request.withCompression(Compression.parse(compression.get())) : request;
        } catch (SnapshotException e) {
            throw new UsageException(e);
        }
    }

    private ShutdownPolicy shutdown() {
        Duration longest = window.map(TimeSpan::duration)
                .orElse(ShutdownPolicy.ofDefaults().window());
        return interval.map(time -> new ShutdownPolicy(longest, time.duration()))
                .orElseGet(() -> ShutdownPolicy.ofWindow(longest));
    }
}
