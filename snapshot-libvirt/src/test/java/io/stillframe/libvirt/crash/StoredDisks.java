package io.stillframe.libvirt.crash;

import io.stillframe.SnapshotService;
import io.stillframe.image.DiskCopy;
import io.stillframe.image.RawFileTarget;
import io.stillframe.image.StreamListener;
import io.stillframe.image.StreamSettings;
import io.stillframe.libvirt.Lab;
import io.stillframe.libvirt.LabGuest;
import io.stillframe.model.Digest;
import io.stillframe.model.DiskSnapshot;
import io.stillframe.model.Snapshot;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.BlockTarget;
import io.stillframe.spi.Cancellation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads what snapshots have stored of a guest's disks and proves it; what is wrong is thrown. */
final class StoredDisks {
    private final Lab lab;
    private final LabGuest guest;
    private final Path directory;

    /** @param directory for copies; made and removed with each call */
    StoredDisks(Lab lab, LabGuest guest, Path directory) {
        this.lab = lab;
        this.guest = guest;
        this.directory = directory;
    }

    /** Proves that they are as their digests say, byte for byte as those that were kept, and consistent up to that record. */
    void prove(SnapshotService service, Snapshot snapshot, Optional<Path> kept, long written) {
        try {
            List<String> images = new ArrayList<>(List.of("--format", "raw"));
            for (Path copy : copies(service, snapshot)) {
                images.add(copy.toString());
                kept.ifPresent(k -> compare(copy, k.resolve(copy.getFileName())));
            }
            guest.assertConsistent(written, images);
        } finally {
            CrashBench.removeAll(directory);
        }
    }

    /** Proves that they are byte for byte what they were when the snapshot was looked at. */
    void proveSame(SnapshotService service, Snapshot before) {
        try {
            copies(service, before);
        } finally {
            CrashBench.removeAll(directory);
        }
    }

    private List<Path> copies(SnapshotService service, Snapshot snapshot) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<Path> copies = new ArrayList<>();
        for (DiskSnapshot disk : snapshot.disks()) {
            Path copy = directory.resolve(disk.device());
            export(service, snapshot, disk, copy);
            copies.add(copy);
        }
        return copies;
    }

    private static void export(SnapshotService service, Snapshot snapshot, DiskSnapshot disk, Path copy) {
        try (BlockSource source = service.openDisk(snapshot.id(), disk.device());
                BlockTarget target = RawFileTarget.create(copy, source.size())) {
            Optional<Digest> digest = DiskCopy.run(
                    source, target, StreamSettings.ofDefaults(), new Cancellation(), StreamListener.none());
            target.finish();
            if (disk.content().isPresent() && !digest.equals(disk.content())) {
                throw new AssertionError(disk.device() + " has digest " + digest + ", not " + disk.content());
            }
        }
    }

    private void compare(Path stored, Path held) {
        Lab.Outcome outcome = lab.tryCommand("qemu-img", "compare", "-f", "raw", stored.toString(), held.toString());
        if (outcome.status() != 0) {
            throw new AssertionError("not what was held: " + outcome.output());
        }
    }
}
