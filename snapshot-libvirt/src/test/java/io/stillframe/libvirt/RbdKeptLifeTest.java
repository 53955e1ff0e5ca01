package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.stillframe.SnapshotService;
import io.stillframe.model.CaptureMode;
import io.stillframe.model.Consistency;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.Replica;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.ServiceSettings.Dependents;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.model.SweepReport;
import io.stillframe.spi.Cancellation;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Whole lives of snapshots that stay on the volumes of a guest that writes to both of them. */
@ExtendWith(CephCluster.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RbdKeptLifeTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    Path directory;

    private final List<LaunchedInstance> launched = new ArrayList<>();
    private Lab lab;
    private LabGuest guest;

    @BeforeAll
    void createGuest() {
        lab = Lab.open();
        guest = CephCluster.createGuest(lab, "rbd-kept");
    }

    @AfterEach
    void removeLaunched() {
        for (LaunchedInstance instance : launched) {
            lab.tryCommand("virsh", "destroy", instance.name());
            lab.tryCommand("virsh", "undefine", instance.name());
            volumesOf(instance).forEach(volume -> lab.tryCommand("rbd", "rm", "--no-progress", volume));
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
    void aLiveSnapshotIsKeptClonedStoredAndRemoved() {
        bootIfOff();
        long written = guest.awaitWrites();
        int boots = guest.boots();

        Snapshot kept = take(SnapshotRequest.of(guest.name()).withCapture(CaptureMode.LIVE));

        assertThat(kept.capture().orElseThrow().consistency()).isEqualTo(Consistency.QUIESCED);
        assertThat(kept.replicas()).isEmpty();
        assertThat(kept.disks())
                .extracting(disk -> disk.volume().orElseThrow())
                .containsExactlyElementsOf(guest.volumes().stream()
                        .map(volume -> "rbd:" + volume + "@stillframe-kept-" + kept.id())
                        .toList());
        assertThat(guest.leftovers()).hasSize(2).allMatch(left -> left.contains("stillframe-kept-" + kept.id()));
        guest.awaitWrites();
        assertThat(guest.boots()).isEqualTo(boots);

        LaunchedInstance clone = launch(Lab.URI, "rbd-kept-clone", LaunchRequest.of(kept.id(), "rbd-kept-clone"));
        assertThat(volumesOf(clone))
                .hasSize(2)
                .allSatisfy(
                        volume -> assertThat(lab.command("rbd", "info", volume)).contains("parent: "));
        guest.assertConsistent(written, places(clone));
        assertThatExceptionOfType(SnapshotException.class)
                .isThrownBy(() -> delete(kept.id(), Dependents.REFUSE))
                .withMessageContaining(volumesOf(clone).get(0))
                .matches(e -> e.kind() == SnapshotException.Kind.CONFLICT);

        Snapshot stored = store(kept.id());
        assertThat(stored.disks()).allMatch(disk -> disk.content().isPresent());
        String files = Lab.URI + "?disk-directory=" + guest.directory();
        LaunchedInstance copy = launch(
                files,
                "rbd-kept-files",
                LaunchRequest.of(kept.id(), "rbd-kept-files").withRegion("home"));
        assertThat(places(copy)).allMatch(place -> place.startsWith("/"));
        guest.assertConsistent(written, places(copy));

        delete(kept.id(), Dependents.FLATTEN);
        assertThat(volumesOf(clone))
                .allSatisfy(
                        volume -> assertThat(lab.command("rbd", "info", volume)).doesNotContain("parent: "));
        guest.assertConsistent(written, places(clone));
        assertThat(guest.leftovers()).isEmpty();
        guest.assertKept(written);
    }

    @Test
    void aSnapshotByShutdownIsCleanAndTheGuestComesBack() {
        bootIfOff();
        long written = guest.awaitWrites();
        int boots = guest.boots();

        Snapshot kept = take(SnapshotRequest.of(guest.name()));

        assertThat(kept.capture().orElseThrow().consistency()).isEqualTo(Consistency.GUEST_SHUTDOWN);
        guest.awaitUpAfter(boots);
        try (SnapshotService service = service(Lab.URI, ServiceSettings.ofDefaults())) {
            for (DiskSnapshot disk : kept.disks()) {
                service.openDisk(kept.id(), disk.device()).close();
            }
            SweepReport swept = service.sweep(SweepMode.REMOVE, new Cancellation());
            assertThat(swept.items())
                    .noneMatch(item -> item.subject().contains(kept.id().value()));
        }
        delete(kept.id(), Dependents.REFUSE);
        assertThat(guest.leftovers()).isEmpty();
        guest.assertKept(written);
    }

    private void bootIfOff() {
        if (guest.isOff()) {
            guest.boot();
        }
    }

    private Snapshot take(SnapshotRequest request) {
        try (SnapshotService service = service(Lab.URI, ServiceSettings.ofDefaults())) {
            SnapshotId id = service.create(request).id();
            Snapshot settled = service.await(id, SnapshotService.settled(), PATIENCE);
            assertThat(settled.failure()).isEmpty();
            assertThat(settled.status()).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(settled.isKeptOnVolumes()).isTrue();
            return settled;
        }
    }

    private Snapshot store(SnapshotId id) {
        try (SnapshotService service = service(Lab.URI, ServiceSettings.ofDefaults())) {
            service.addCopy(id, "home");
            return service.await(
                    id, s -> s.replica("home").filter(Replica::isComplete).isPresent(), PATIENCE);
        }
    }

    private void delete(SnapshotId id, Dependents dependents) {
        ServiceSettings settings =
                ServiceSettings.builder().dependents(dependents).build();
        try (SnapshotService service = service(Lab.URI, settings)) {
            service.delete(id);
        }
    }

    private LaunchedInstance launch(String hypervisor, String name, LaunchRequest request) {
        lab.tryCommand("virsh", "undefine", name);
        try (SnapshotService service = service(hypervisor, ServiceSettings.ofDefaults())) {
            LaunchedInstance instance =
                    service.launch(request.withDisks(DiskSelection.all()).withStart(LaunchRequest.Start.DEFINED_ONLY));
            launched.add(instance);
            return instance;
        }
    }

    private SnapshotService service(String hypervisor, ServiceSettings settings) {
        return SnapshotService.builder()
                .hypervisor("here", URI.create(hypervisor))
                .store(directory.resolve("store").toUri())
                .catalog(directory.resolve("catalog").toUri())
                .settings(settings)
                .build();
    }

    private static List<String> places(LaunchedInstance instance) {
        return instance.disks().stream().map(LaunchedInstance.Disk::location).toList();
    }

    private static List<String> volumesOf(LaunchedInstance instance) {
        return places(instance).stream()
                .filter(place -> place.startsWith("rbd:"))
                .map(place -> place.substring("rbd:".length()))
                .toList();
    }
}
