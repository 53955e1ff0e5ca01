package io.stillframe.examples.regions;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.libvirt.LibvirtHypervisor;
import io.stillframe.model.Availability;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.Placement;
import io.stillframe.model.ReadFrom;
import io.stillframe.model.Replica;
import io.stillframe.model.ResidencyPolicy;
import io.stillframe.model.RetryPolicy;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.spi.ObjectStore;
import io.stillframe.store.FileObjectStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A real guest, and three regions: {@code home} in a directory of this host, {@code one} and {@code two} on servers behind links. Removed
 * with all that it made when closed.
 */
final class RegionsLab implements AutoCloseable {
    static final String HOME = "home";
    static final String ONE = "one";
    static final String TWO = "two";
    static final List<String> REGIONS = List.of(HOME, ONE, TWO);
    static final Duration PATIENCE = Duration.ofMinutes(2);

    private final LabScripts scripts;
    private final Path directory;
    private final String guest;
    private final Map<String, Remote> remotes = new LinkedHashMap<>();
    private final ObjectStore home;
    private final LibvirtHypervisor hypervisor;
    private final List<LaunchedInstance> launched = new ArrayList<>();

    /**
     * Makes the guest and boots it.
     *
     * @param remotes {@code one} and {@code two}; closed with the lab
     */
    RegionsLab(LabScripts scripts, Path directory, String guest, Map<String, Remote> remotes) {
        this.scripts = scripts;
        this.directory = directory;
        this.guest = guest;
        this.remotes.putAll(remotes);
        scripts.script("vm.sh", "destroy", guest);
        scripts.script("vm.sh", "create", guest, "--data-size", "64M", "--start");
        scripts.script("vm.sh", "wait", guest);
        this.home = FileObjectStore.open(homeDirectory());
        this.hypervisor = LibvirtHypervisor.open(URI.create("qemu:///system"));
    }

    Remote remote(String region) {
        return Optional.ofNullable(remotes.get(region)).orElseThrow();
    }

    ObjectStore store(String region) {
        return region.equals(HOME) ? home : remote(region).store();
    }

    /** On host and all regions. */
    SnapshotService service() {
        return service(ResidencyPolicy.none());
    }

    SnapshotService service(ResidencyPolicy residency) {
        return onRegions(residency).hypervisor(hypervisor).build();
    }

    /** As on another machine: nothing of the host is within its reach. */
    SnapshotService serviceWithoutHost() {
        return onRegions(ResidencyPolicy.none()).build();
    }

    private SnapshotService.Builder onRegions(ResidencyPolicy residency) {
        SnapshotService.Builder builder = SnapshotService.builder()
                .catalog(directory.resolve("catalog").toUri())
                .settings(ServiceSettings.builder()
                        .partSize(256 << 10)
                        .leaseTtl(Duration.ofSeconds(5))
                        .regionPatience(Duration.ofMinutes(1))
                        .retries(new RetryPolicy(Duration.ofMillis(20), Duration.ofMillis(500), 5))
                        .residency(residency)
                        .build());
        REGIONS.forEach(name -> builder.region(name, store(name), "in-" + name));
        return builder;
    }

    /** A snapshot of the running guest to these regions. */
    SnapshotRequest request(Availability availability, String... regions) {
        return SnapshotRequest.of(guest)
                .withCapture(CaptureMode.LIVE)
                .withPlacement(Placement.home().withRegions(List.of(regions)).withAvailability(availability));
    }

    /** One that is complete in all of its regions. */
    Snapshot taken(SnapshotService service, SnapshotRequest request) {
        SnapshotId id = service.create(request).id();
        return awaitWhole(service, id);
    }

    static Snapshot awaitWhole(SnapshotService service, SnapshotId id) {
        Snapshot settled = service.await(id, SnapshotService.settled(), PATIENCE);
        assertThat(settled.failure()).isEmpty();
        return service.await(id, snapshot -> snapshot.replicas().stream().allMatch(Replica::isComplete), PATIENCE);
    }

    /** All regions but that one cannot be reached until {@link #reachAll}. */
    void shutDownAllBut(String region) {
        remotes.forEach((name, remote) -> {
            if (!name.equals(region)) {
                remote.link().cut();
            }
        });
        if (!region.equals(HOME)) {
            move(homeDirectory(), awayDirectory());
        }
    }

    void reachAll() {
        remotes.values().forEach(remote -> remote.link().mend());
        if (Files.exists(awayDirectory())) {
            move(awayDirectory(), homeDirectory());
        }
    }

    /** Launches all disks of a snapshot from one region's store alone, without starting the instance. */
    LaunchedInstance launch(SnapshotService service, Snapshot snapshot, String region, LaunchRequest.Start start) {
        LaunchedInstance instance = service.launch(LaunchRequest.of(snapshot.id(), guest + "-from-" + region)
                .withDisks(DiskSelection.all())
                .withReadFrom(ReadFrom.only(region))
                .withStart(start));
        launched.add(instance);
        return instance;
    }

    /** Until the launched guest shows that all runs in it. */
    void awaitUp(LaunchedInstance instance) {
        Path console = console(instance);
        org.awaitility.Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> Files.exists(console) && Files.readString(console).contains("GUEST ready"));
    }

    /** It lies beside the original's. */
    private Path console(LaunchedInstance instance) {
        try (Stream<Path> files = Files.list(LabScripts.state().resolve("vm").resolve(guest))) {
            return files.filter(file -> file.getFileName()
                            .toString()
                            .matches(Pattern.quote(instance.name()) + "-serial0\\..*\\.log"))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void stopGuest() {
        scripts.script("vm.sh", "stop", guest);
    }

    /** The guest's own disks, root first. */
    List<String> disks() {
        return scripts.command("virsh", "domblklist", "--inactive", guest)
                .lines()
                .map(String::strip)
                .filter(line -> line.startsWith("vd"))
                .map(line -> line.split("\\s+", 2)[1])
                .toList();
    }

    static List<String> disksOf(LaunchedInstance instance) {
        return instance.disks().stream().map(LaunchedInstance.Disk::location).toList();
    }

    /** The disks' contents are the same byte for byte. */
    void assertSame(List<String> expected, List<String> found) {
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(scripts.command("qemu-img", "compare", expected.get(i), found.get(i)))
                    .contains("identical");
        }
    }

    /** The disks are of one moment, and no record of the guest's is missing. */
    void assertConsistent(List<String> disks) {
        scripts.script("checkimg.sh", disks.toArray(String[]::new));
    }

    /** Removes what a test left, which says what was wrong by itself, so that it does not fail the next one too. */
    void removeSnapshots() {
        try (SnapshotService service = service()) {
            service.list(Optional.empty(), 100).items().forEach(snapshot -> service.delete(snapshot.id()));
        }
    }

    /** Removes what was launched. */
    void removeLaunched() {
        for (LaunchedInstance instance : launched) {
            scripts.attempt("virsh", "destroy", instance.name());
            scripts.attempt("virsh", "undefine", instance.name());
            disksOf(instance).forEach(disk -> delete(Path.of(disk)));
        }
        launched.clear();
    }

    private Path homeDirectory() {
        return directory.resolve("home");
    }

    private Path awayDirectory() {
        return directory.resolve("away");
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        removeLaunched();
        hypervisor.close();
        home.close();
        scripts.attempt("virsh", "destroy", guest);
        scripts.script("vm.sh", "destroy", guest);
        remotes.values().forEach(Remote::close);
    }
}
