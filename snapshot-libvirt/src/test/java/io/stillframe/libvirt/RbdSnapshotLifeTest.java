package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.image.DiskCopy;
import io.stillframe.image.RawFileTarget;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.Consistency;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.InstanceState;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Whole lives of snapshots of a guest whose root disk is a volume and whose data disk is a block device, against real servers. */
@ExtendWith(CephCluster.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RbdSnapshotLifeTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    Path directory;

    private final List<LaunchedInstance> launched = new ArrayList<>();
    private Lab lab;
    private LabGuest guest;

    @BeforeAll
    void createGuest() {
        lab = Lab.open();
        guest = LabGuest.create(
                lab,
                "rbd-life",
                "--root-rbd",
                CephCluster.POOL,
                "--data-size",
                "64M",
                "--data-format",
                "raw",
                "--data-block");
    }

    @AfterEach
    void removeLaunched() {
        for (LaunchedInstance instance : launched) {
            lab.tryCommand("virsh", "destroy", instance.name());
            lab.tryCommand("virsh", "undefine", instance.name());
            for (LaunchedInstance.Disk disk : instance.disks()) {
                if (disk.location().startsWith("rbd:")) {
                    lab.command("rbd", "rm", "--no-progress", disk.location().substring(4));
                }
            }
        }
        launched.clear();
    }

    @AfterAll
    void removeGuest() {
        if (guest != null) {
            guest.close();
        }
    }

    @Test
    void aHeldVolumeIsByteForByteWhatCephExports() throws IOException {
        bootIfOff();
        try (LibvirtHypervisor hypervisor = LibvirtHypervisor.open(URI.create(Lab.URI))) {
            InstanceState running = hypervisor.driver().observe(guest.name());
            CapturePlan plan =
                    hypervisor.capture().plan(SnapshotId.create(Instant.now()), running, DiskSelection.all());
            hypervisor.capture().begin(plan);
            try (BlockSource root = hypervisor.capture().open(plan, "vda")) {
                guest.awaitWrites();
                Path copy = copy(root, directory.resolve("copy.raw"));
                Path export = directory.resolve("export.raw");
                lab.command(
                        "rbd",
                        "export",
                        "--no-progress",
                        guest.volumes().get(0) + "@stillframe-" + plan.snapshot(),
                        export.toString());
                assertThat(Files.mismatch(copy, export)).isEqualTo(-1);
                Files.delete(copy);
                Files.delete(export);
            } finally {
                hypervisor.capture().release(plan, new Cancellation());
            }
            assertThat(hypervisor.driver().observe(guest.name())).isEqualTo(running);
        }
        assertThat(guest.leftovers()).isEmpty();
    }

    @Test
    void aLiveSnapshotOfVolumeAndDeviceIsStoredAndLaunchedAsFilesAndAsVolumes() {
        bootIfOff();
        String place = Lab.URI + "?disk-directory=" + guest.directory();
        Snapshot snapshot = store(place, SnapshotRequest.of(guest.name()).withCapture(CaptureMode.LIVE));

        assertThat(snapshot.capture().orElseThrow().consistency()).isEqualTo(Consistency.QUIESCED);
        assertThat(guest.leftovers()).isEmpty();
        LaunchedInstance files = launch(place, snapshot, "rbd-life-files");
        assertThat(files.disks()).allMatch(disk -> disk.location().startsWith("/"));
        guest.assertConsistent(
                0, files.disks().stream().map(LaunchedInstance.Disk::location).toList());

        LaunchedInstance volumes = launch(
                Lab.URI + "?ceph-pool=" + CephCluster.POOL + "&ceph-user=stillframe&ceph-monitors="
                        + setting("STILLFRAME_RBD_MONITOR") + "&ceph-secret=" + setting("STILLFRAME_RBD_SECRET"),
                snapshot,
                "rbd-life-volumes");
        assertThat(volumes.disks()).allMatch(disk -> disk.location().startsWith("rbd:" + CephCluster.POOL + "/"));
        guest.assertConsistent(
                0, volumes.disks().stream().map(LaunchedInstance.Disk::location).toList());
        guest.assertKept(0);
    }

    @Test
    void aSnapshotByShutdownIsCleanAndTheGuestComesBack() {
        bootIfOff();
        long written = guest.awaitWrites();
        int boots = guest.boots();

        Snapshot snapshot = store(Lab.URI, SnapshotRequest.of(guest.name()));

        assertThat(snapshot.capture().orElseThrow().consistency()).isEqualTo(Consistency.GUEST_SHUTDOWN);
        guest.awaitUpAfter(boots);
        assertThat(guest.leftovers()).isEmpty();
        guest.assertKept(written);
    }

    private void bootIfOff() {
        if (guest.isOff()) {
            guest.boot();
        }
    }

    private Snapshot store(String hypervisor, SnapshotRequest request) {
        try (SnapshotService service = service(hypervisor)) {
            SnapshotId id = service.create(request).id();
            Snapshot settled = service.await(id, SnapshotService.settled(), PATIENCE);
            assertThat(settled.failure()).isEmpty();
            assertThat(settled.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            return settled;
        }
    }

    private LaunchedInstance launch(String hypervisor, Snapshot snapshot, String name) {
        try (SnapshotService service = service(hypervisor)) {
            LaunchedInstance instance = service.launch(LaunchRequest.of(snapshot.id(), name)
                    .withDisks(DiskSelection.all())
                    .withStart(LaunchRequest.Start.DEFINED_ONLY));
            launched.add(instance);
            return instance;
        }
    }

    private SnapshotService service(String hypervisor) {
        return SnapshotService.builder()
                .hypervisor("here", URI.create(hypervisor))
                .store(directory.resolve("store").toUri())
                .catalog(directory.resolve("catalog").toUri())
                .build();
    }

    private static String setting(String name) {
        return Lab.textOf(Lab.state().resolve("run/rbd.env"))
                .lines()
                .filter(line -> line.startsWith("export " + name + "='"))
                .map(line -> line.substring(line.indexOf('\'') + 1, line.length() - 1))
                .findFirst()
                .orElseThrow();
    }

    private static Path copy(BlockSource source, Path target) {
        try (BlockTarget raw = RawFileTarget.create(target, source.size())) {
            DiskCopy.run(source, raw, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            raw.finish();
            return target;
        }
    }
}
