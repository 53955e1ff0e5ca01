package io.stillframe.libvirt.crash;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.libvirt.Lab;
import io.stillframe.libvirt.LabGuest;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Hypervisor;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.SnapshotCatalog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds what a case has left although nobody needs it: beside the guest's disks, held, stored, in the catalog and of a launched copy.
 *
 * @param store the same as {@code objects}, as a directory
 */
record Leftovers(
        Lab lab, LabGuest guest, Hypervisor hypervisor, SnapshotCatalog catalog, ObjectStore objects, Path store) {
    private static final String REMOVED = "/removed.json";

    /** All that must not be there while there are the snapshots that the catalog knows. */
    List<String> find() {
        List<Snapshot> snapshots = snapshots();
        List<Snapshot> available = snapshots.stream()
                .filter(snapshot -> snapshot.status() == SnapshotStatus.AVAILABLE)
                .toList();
        List<String> found = new ArrayList<>();
        guest.leftovers().stream()
                .filter(left -> available.stream().noneMatch(s -> left.contains("stillframe-kept-" + s.id())))
                .forEach(found::add);
        hypervisor.capture().listHeld().stream()
                .filter(plan -> plan.state().contains(guest.name()))
                .forEach(plan -> found.add("held: " + plan.snapshot()));
        stored().stream().filter(file -> !isNeeded(file, available)).forEach(file -> found.add("stored: " + file));
        snapshots.stream()
                .filter(snapshot -> snapshot.status() == SnapshotStatus.REMOVED)
                .filter(removed -> !isExplained(removed, available))
                .forEach(removed ->
                        found.add("removed but needed by none, or without its " + REMOVED + ": " + removed.id()));
        objects.listUploads("", Optional.empty(), 10)
                .items()
                .forEach(upload -> found.add("upload: " + upload.token().key()));
        for (CatalogRecord record : catalog.list(Optional.empty(), 10).items()) {
            if (record.claim().isPresent()) {
                found.add("claim: " + record.claim().get());
            }
            if (!record.snapshot().obligations().isEmpty()) {
                found.add("owed: " + record.snapshot().obligations());
            }
        }
        found.addAll(ofLaunch());
        return found;
    }

    /** All that is there although no snapshot is any more. */
    List<String> findAfterAll() {
        List<String> found = new ArrayList<>();
        snapshots()
                .forEach(snapshot -> found.add("recorded after deletion: " + snapshot.id() + " " + snapshot.status()));
        stored().forEach(file -> found.add("stored after deletion: " + file));
        guest.leftovers().forEach(left -> found.add("left after deletion: " + left));
        return found;
    }

    private List<Snapshot> snapshots() {
        return catalog.list(Optional.empty(), 10).items().stream()
                .map(CatalogRecord::snapshot)
                .toList();
    }

    /** Of a snapshot, or of a removed one that such is built on. */
    private static boolean isNeeded(String file, List<Snapshot> available) {
        return available.stream().anyMatch(s -> file.contains(s.id().value()))
                || olderOf(available).anyMatch(object -> file.endsWith(object))
                || file.endsWith(REMOVED)
                        && olderOf(available).anyMatch(object -> file.endsWith(directoryOf(object) + REMOVED));
    }

    private boolean isExplained(Snapshot removed, List<Snapshot> available) {
        return olderOf(available)
                        .anyMatch(object -> object.contains(removed.id().value()))
                && stored().stream().anyMatch(file -> file.contains(removed.id() + REMOVED));
    }

    private static Stream<String> olderOf(List<Snapshot> snapshots) {
        return snapshots.stream()
                .flatMap(snapshot -> snapshot.disks().stream())
                .flatMap(disk -> disk.older().stream())
                .map(older -> older.object());
    }

    private static String directoryOf(String object) {
        return object.substring(0, object.lastIndexOf('/'));
    }

    /** All files of the store's directory; the store's own folders stay. */
    private List<String> stored() {
        try (Stream<Path> files = Files.walk(store)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> store.relativize(file).toString())
                    .filter(file -> !file.equals(".stillframe/store.json"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String copyName() {
        return guest.name() + "-copy";
    }

    private List<Path> copyFiles() {
        try (Stream<Path> files = Files.list(guest.directory())) {
            return files.filter(file -> file.getFileName().toString().startsWith(copyName()))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Clones of the guest's volumes, as {@code POOL/IMAGE}. */
    private List<String> copyVolumes() {
        return guest.volumes().stream()
                .map(volume -> volume.substring(0, volume.indexOf('/')))
                .distinct()
                .flatMap(pool -> lab.command("rbd", "ls", pool).lines().map(image -> pool + "/" + image))
                .filter(volume -> volume.contains("/" + copyName()))
                .toList();
    }

    /** A launched copy is complete or not there at all. */
    private List<String> ofLaunch() {
        List<String> disks = Stream.concat(copyFiles().stream().map(Path::toString), copyVolumes().stream())
                .toList();
        if (lab.tryCommand("virsh", "domuuid", copyName()).status() != 0) {
            return disks.stream().map(disk -> "launch: " + disk).toList();
        }
        String xml = lab.command("virsh", "dumpxml", "--inactive", copyName());
        return disks.stream()
                .filter(disk -> !xml.contains(disk))
                .map(disk -> "launch: " + disk)
                .toList();
    }

    /** Removes the launched copy. */
    void removeLaunched() {
        lab.tryCommand("virsh", "destroy", copyName());
        lab.tryCommand("virsh", "undefine", copyName());
        copyFiles().forEach(CrashBench::removeAll);
        copyVolumes().forEach(this::removeVolume);
    }

    /** The cluster takes a client that was killed for one that watches the volume for half a minute more. */
    private void removeVolume(String volume) {
        await(volume).untilAsserted(() -> {
            Lab.Outcome outcome = lab.tryCommand("rbd", "rm", "--no-progress", volume);
            assertThat(outcome.status()).as(outcome.output()).isZero();
        });
    }
}
