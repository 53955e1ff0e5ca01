package io.stillframe.storage.swift;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.hypervisor.ImageDirectoryHypervisor;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.contract.Bytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way of a snapshot with its image in Swift. */
final class SnapshotOnSwiftTest {
    private static final int SIZE = 20 << 20;

    private final SwiftLab lab = SwiftLab.open();
    private final TestContainer container = TestContainer.create(lab.password(), "RegionTwo");

    @TempDir
    Path home;

    @AfterEach
    void close() {
        container.close();
    }

    @Test
    void anImageIsCapturedStoredReadLaunchedAndRemoved() throws IOException {
        byte[] content = new byte[SIZE];
        System.arraycopy(Bytes.random(12 << 20, 7), 0, content, 3 << 20, 12 << 20);
        Path images = Files.createDirectories(home.resolve("images"));
        Path image = Files.write(home.resolve("disk.raw"), content);
        try (ImageDirectoryHypervisor hypervisor = ImageDirectoryHypervisor.open(images);
                SwiftObjectStore store = SwiftObjectStore.builder(container.name())
                        .prefix("snapshots of/a cloud")
                        .credentials(lab.password())
                        .region("RegionTwo")
                        .build()) {
            hypervisor.importImage("disk-1", image, "raw");
            try (SnapshotService service = SnapshotService.builder()
                    .hypervisor(hypervisor)
                    .store(store)
                    .catalog(home.resolve("catalog").toUri())
                    .build()) {
                requireLife(service, content);
            }
        }
        assertThat(container.objects()).isEmpty();
        assertThat(container.segments()).isEmpty();
    }

    private static void requireLife(SnapshotService service, byte[] content) {
        Snapshot created = service.create(SnapshotRequest.of("disk-1").withRetentionDays(1));
        Snapshot snapshot = service.await(created.id(), SnapshotService.settled(), Duration.ofMinutes(2));
        assertThat(snapshot.status()).as("%s", snapshot).isEqualTo(SnapshotStatus.AVAILABLE);
        requireContent(service, snapshot, content);
        service.launch(LaunchRequest.of(snapshot.id(), "disk-2").withStart(LaunchRequest.Start.DEFINED_ONLY));
        Snapshot again = service.await(
                service.create(SnapshotRequest.of("disk-2")).id(), SnapshotService.settled(), Duration.ofMinutes(2));
        requireContent(service, again, content);
        service.delete(snapshot.id());
        service.delete(again.id());
    }

    private static void requireContent(SnapshotService service, Snapshot snapshot, byte[] content) {
        try (BlockSource disk =
                service.openDisk(snapshot.id(), snapshot.disks().get(0).device())) {
            ByteBuffer bytes = ByteBuffer.allocate(SIZE);
            disk.read(0, bytes);
            assertThat(bytes.array()).isEqualTo(content);
        }
    }
}
