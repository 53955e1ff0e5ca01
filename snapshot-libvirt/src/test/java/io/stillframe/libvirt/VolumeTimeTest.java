package io.stillframe.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.model.DiskRole;
import io.stillframe.model.DiskSelection;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchRequest.Start;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.CapturePlan;
import io.stillframe.spi.InstanceState;
import io.stillframe.spi.LaunchPlan;
import io.stillframe.spi.LaunchSpec;
import io.stillframe.spi.VolumeSnapshot;
import io.stillframe.spi.VolumeSnapshots;
import io.stillframe.spi.VolumeSnapshots.DependentsPolicy;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Snapshots that stay on their volume and launches by clones move no byte, however large the volume is; the times are printed for a
 * person to see.
 */
@ExtendWith(CephCluster.class)
class VolumeTimeTest {
    @ParameterizedTest
    @ValueSource(strings = {"1G", "100G"})
    void aCloneStoresNothingOfItsOriginal(String size) {
        Lab lab = Lab.open();
        try (LabGuest guest = LabGuest.create(lab, "rbd-time", "--root-rbd", CephCluster.POOL, "--data-size", "none");
                LibvirtHypervisor hypervisor = LibvirtHypervisor.open(URI.create(Lab.URI))) {
            lab.command(
                    "rbd",
                    "resize",
                    "--no-progress",
                    "--size",
                    size,
                    guest.volumes().get(0));
            VolumeSnapshots volumes = hypervisor.volumes().orElseThrow();
            InstanceState off = hypervisor.driver().observe(guest.name());

            long start = System.nanoTime();
            CapturePlan plan = hypervisor.capture().plan(SnapshotId.create(Instant.now()), off, DiskSelection.all());
            hypervisor.capture().begin(plan);
            VolumeSnapshot kept = volumes.keep(plan);
            long taken = System.nanoTime();
            LaunchPlan launch = volumes.planClone(
                    new LaunchSpec(
                            "rbd-time-copy",
                            off.definition(),
                            List.of(new LaunchSpec.Disk(
                                    "vda", DiskRole.ROOT, off.disks().get(0).virtualSize())),
                            Start.STARTED),
                    kept);
            volumes.cloneDisks(launch);
            long cloned = System.nanoTime();
            LaunchedInstance instance = hypervisor.driver().completeLaunch(launch);
            long launched = System.nanoTime();

            try {
                assertThat(lab.command("rbd", "info", location(instance))).contains("parent: ");
                assertThat(lab.command("rbd", "du", location(instance))).contains("0 B");
            } finally {
                lab.command("virsh", "destroy", instance.name());
                lab.command("virsh", "undefine", instance.name());
                lab.command("rbd", "rm", "--no-progress", location(instance));
            }
            long removal = System.nanoTime();
            volumes.remove(kept, DependentsPolicy.REFUSE, new Cancellation());
            System.out.printf(
                    "volume of %s: snapshot %d ms, clone %d ms, define and start %d ms, remove %d ms%n",
                    size,
                    (taken - start) / 1_000_000,
                    (cloned - taken) / 1_000_000,
                    (launched - cloned) / 1_000_000,
                    (System.nanoTime() - removal) / 1_000_000);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1G", "100G"})
    void theWholeEngineTakesNoTimeForTheSize(String size, @TempDir Path directory) {
        Lab lab = Lab.open();
        try (LabGuest guest =
                        LabGuest.create(lab, "rbd-engine-time", "--root-rbd", CephCluster.POOL, "--data-size", "none");
                SnapshotService service = SnapshotService.builder()
                        .hypervisor(URI.create(Lab.URI))
                        .catalog(directory.resolve("catalog").toUri())
                        .build()) {
            lab.command(
                    "rbd",
                    "resize",
                    "--no-progress",
                    "--size",
                    size,
                    guest.volumes().get(0));

            long start = System.nanoTime();
            SnapshotId id = service.create(SnapshotRequest.of(guest.name())).id();
            service.await(id, SnapshotService.settled(), Duration.ofMinutes(1));
            long available = System.nanoTime();
            LaunchedInstance instance = service.launch(LaunchRequest.of(id, "rbd-engine-time-copy"));
            long launched = System.nanoTime();

            try {
                assertThat(lab.command("rbd", "du", location(instance))).contains("0 B");
            } finally {
                lab.command("virsh", "destroy", instance.name());
                lab.command("virsh", "undefine", instance.name());
                lab.command("rbd", "rm", "--no-progress", location(instance));
            }
            long removal = System.nanoTime();
            service.delete(id);
            System.out.printf(
                    "engine, volume of %s: request to available %d ms, launch by clone, running %d ms, delete %d ms%n",
                    size,
                    (available - start) / 1_000_000,
                    (launched - available) / 1_000_000,
                    (System.nanoTime() - removal) / 1_000_000);
        }
    }

    private static String location(LaunchedInstance instance) {
        return instance.disks().get(0).location().substring("rbd:".length());
    }
}
