package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Keep;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.OlderObject;
import io.stillframe.model.ReadFrom;
import io.stillframe.model.Replica;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.Storing;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.Plugins;
import io.stillframe.spi.SnapshotCatalog;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots of a guest that writes to its volumes, which tell what changed from one to the next: only that is read and stored. */
@ExtendWith(CephCluster.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RbdChangesTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String COPY = "rbd-changes-copy";

    @TempDir
    Path directory;

    private Lab lab;
    private LabGuest guest;

    @BeforeAll
    void bootGuest() {
        lab = Lab.open();
        guest = CephCluster.createGuest(lab, "rbd-changes");
        addBallast(guest.volumes().get(1));
        guest.boot();
    }

    /** Data behind the file system, which the guest never touches. */
    private void addBallast(String volume) {
        lab.command("rbd", "resize", "--no-progress", "--size", "128M", volume);
        lab.command("qemu-io", "-f", "raw", "-c", "write -P 7 64M 64M", "rbd:" + volume);
    }

    @AfterAll
    void removeGuest() {
        if (guest != null) {
            lab.tryCommand("virsh", "undefine", COPY);
            guest.close();
        }
    }

    @Test
    void theSecondReadsAndStoresWhatTheVolumesTellAndOutlivesTheFirst() throws IOException {
        try (SnapshotService service = service()) {
            Snapshot first = stored(service);
            long written = guest.awaitWrites();
            Snapshot second = stored(service);

            for (DiskSnapshot disk : second.disks()) {
                DiskSnapshot base = disk(first, disk.device());
                assertThat(base.older()).isEmpty();
                assertThat(disk.older())
                        .containsExactly(
                                new OlderObject(base.object().orElseThrow(), base.bytesStored(), base.stored()));
            }
            assertThat(second.bytesStored()).isPositive().isLessThan(first.bytesStored() / 2);
            assertThat(bytesRead(second)).isPositive().isLessThan(bytesRead(first) / 2);
            assertIsItsVolumes(service, second);

            service.delete(first.id());

            assertThat(guest.leftovers()).hasSize(2).allMatch(left -> left.contains("stillframe-kept-" + second.id()));
            assertIsItsVolumes(service, second);
            LaunchedInstance copy = service.launch(LaunchRequest.of(second.id(), COPY)
                    .withRegion("home")
                    .withDisks(DiskSelection.all())
                    .withStart(LaunchRequest.Start.DEFINED_ONLY));
            assertThat(copy.disks()).allMatch(disk -> disk.location().startsWith("/"));
            guest.assertConsistent(
                    written,
                    copy.disks().stream().map(LaunchedInstance.Disk::location).toList());

            service.delete(second.id());

            assertThat(guest.leftovers()).isEmpty();
            assertNothingIsStored(directory);
            guest.assertKept(written);
        }
    }

    private Snapshot stored(SnapshotService service) {
        SnapshotId id = service.create(SnapshotRequest.of(guest.name())
                        .withCapture(CaptureMode.LIVE)
                        .withKeep(Keep.BOTH)
                        .withStoring(Storing.CHANGES))
                .id();
        Snapshot stored = service.await(
                id,
                s -> s.failure().isPresent()
                        || s.replica("home").filter(Replica::isComplete).isPresent(),
                PATIENCE);
        assertThat(stored.failure()).isEmpty();
        assertThat(stored.isKeptOnVolumes()).isTrue();
        return stored;
    }

    /** Byte for byte what Ceph says that the volumes' snapshots hold. */
    private void assertIsItsVolumes(SnapshotService service, Snapshot snapshot) throws IOException {
        for (DiskSnapshot disk : snapshot.disks()) {
            Path export = directory.resolve("export.raw");
            String volume = disk.volume().orElseThrow().substring("rbd:".length());
            lab.command("rbd", "export", "--no-progress", volume, export.toString());
            try (BlockSource source = service.openDisk(snapshot.id(), disk.device(), ReadFrom.only("home"))) {
                Path copy = LibvirtLab.copy(source, directory.resolve("copy.raw"));
                assertThat(Files.mismatch(copy, export)).as(volume).isEqualTo(-1);
                Files.delete(copy);
            }
            Files.delete(export);
        }
    }

    /** No object in the store and no record in the catalog below a directory. */
    static void assertNothingIsStored(Path directory) {
        try (ObjectStore store = Plugins.store(directory.resolve("store").toUri());
                SnapshotCatalog catalog =
                        Plugins.catalog(directory.resolve("catalog").toUri())) {
            assertThat(store.list("", Optional.empty(), 10).items()).isEmpty();
            assertThat(catalog.list(Optional.empty(), 10).items()).isEmpty();
        }
    }

    private static DiskSnapshot disk(Snapshot snapshot, String device) {
        return snapshot.disks().stream()
                .filter(disk -> disk.device().equals(device))
                .findFirst()
                .orElseThrow();
    }

    private static long bytesRead(Snapshot snapshot) {
        return snapshot.disks().stream().mapToLong(DiskSnapshot::bytesRead).sum();
    }

    private SnapshotService service() {
        return SnapshotService.builder()
                .hypervisor("here", URI.create(Lab.URI + "?disk-directory=" + guest.directory()))
                .store(directory.resolve("store").toUri())
                .catalog(directory.resolve("catalog").toUri())
                .build();
    }
}
