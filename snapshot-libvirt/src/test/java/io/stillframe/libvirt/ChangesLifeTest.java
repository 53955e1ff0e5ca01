package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.Storing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots of a guest that writes to its files, of which the younger one stores what changed since the older one. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChangesLifeTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String COPY = "lv-changes-copy";

    @TempDir
    Path directory;

    private final Lab lab = Lab.open();
    private LabGuest guest;

    @BeforeAll
    void bootGuest() {
        guest = LabGuest.create(lab, "lv-changes", "--data-size", "64M", "--data-format", "raw")
                .boot();
    }

    @AfterAll
    void removeGuest() {
        if (guest != null) {
            lab.tryCommand("virsh", "destroy", COPY);
            lab.tryCommand("virsh", "undefine", COPY);
            guest.close();
        }
    }

    @Test
    void whatChangedIsAWholeGuestWhenTheOlderOneIsGone() {
        try (SnapshotService service = service()) {
            Snapshot first = taken(service);
            long written = guest.awaitWrites();
            Snapshot second = taken(service);

            assertThat(first.disks()).allMatch(disk -> disk.older().isEmpty());
            // The guest may have written everything on its small data disk anew.
            assertThat(second.disks().get(0).older()).hasSize(1);
            assertThat(second.bytesStored()).isPositive().isLessThan(first.bytesStored() / 2);

            service.delete(first.id());
            LaunchedInstance copy = service.launch(LaunchRequest.of(second.id(), COPY)
                    .withDisks(DiskSelection.all())
                    .withStart(LaunchRequest.Start.DEFINED_ONLY));
            List<String> files =
                    copy.disks().stream().map(LaunchedInstance.Disk::location).toList();
            guest.assertConsistent(written, files);
            lab.command("virsh", "start", COPY);
            Path console = console();
            Awaitility.await().atMost(PATIENCE).until(() -> Lab.textOf(console).contains("GUEST ready"));
            lab.command("virsh", "destroy", COPY);
            guest.assertConsistent(written, files);

            service.delete(second.id());
        }
        assertThat(guest.leftovers()).isEmpty();
        RbdChangesTest.assertNothingIsStored(directory);
        guest.assertKept(0);
    }

    private Snapshot taken(SnapshotService service) {
        SnapshotId id = service.create(SnapshotRequest.of(guest.name())
                        .withCapture(CaptureMode.LIVE)
                        .withStoring(Storing.CHANGES))
                .id();
        Snapshot settled = service.await(id, SnapshotService.settled(), PATIENCE);
        assertThat(settled.failure()).isEmpty();
        assertThat(settled.status()).isEqualTo(SnapshotStatus.AVAILABLE);
        return settled;
    }

    private SnapshotService service() {
        return SnapshotService.builder()
                .hypervisor("here", URI.create(Lab.URI))
                .store(directory.resolve("store").toUri())
                .catalog(directory.resolve("catalog").toUri())
                .build();
    }

    private Path console() {
        try (Stream<Path> files = Files.list(guest.directory())) {
            return files.filter(file -> file.getFileName().toString().matches(COPY + "-serial0\\..*\\.log"))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
