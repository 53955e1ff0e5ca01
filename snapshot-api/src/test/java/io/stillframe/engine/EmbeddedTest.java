package io.stillframe.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.hypervisor.ImageDirectoryHypervisor;
import io.stillframe.model.Consistency;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.LaunchedInstance;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.BlockSource;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way on the embedded defaults, opened from URIs: no hypervisor, no server, no privileges. */
class EmbeddedTest {
    private static final int SIZE = 3 << 20;

    @TempDir
    Path home;

    @Test
    void anImageIsCapturedStoredReadLaunchedAndRemoved() throws IOException {
        byte[] content = image();
        try (SnapshotService service = service();
                SnapshotService other = service()) {
            Snapshot created = service.create(SnapshotRequest.of("disk-1").withRetentionDays(1));
            Snapshot snapshot = other.await(created.id(), SnapshotService.settled(), Duration.ofMinutes(1));

            assertThat(snapshot.status()).as("%s", snapshot).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(snapshot.capture().orElseThrow().consistency()).isEqualTo(Consistency.ALREADY_OFF);
            assertThat(snapshot.disks().get(0).codec()).isEqualTo(SnapshotRequest.DEFAULT_CODEC);
            try (BlockSource disk =
                    other.openDisk(snapshot.id(), snapshot.disks().get(0).device())) {
                ByteBuffer bytes = ByteBuffer.allocate(SIZE);
                disk.read(0, bytes);
                assertThat(bytes.array()).isEqualTo(content);
            }
            LaunchedInstance launched =
                    other.launch(LaunchRequest.of(snapshot.id(), "disk-2").withStart(LaunchRequest.Start.DEFINED_ONLY));
            assertThat(launched.disks())
                    .singleElement()
                    .satisfies(disk -> assertThat(disk.virtualSize()).isEqualTo(SIZE));

            assertThat(service.list(Optional.empty(), 10).items())
                    .extracting(Snapshot::id)
                    .containsExactly(snapshot.id());
            service.delete(snapshot.id());
            assertThat(other.list(Optional.empty(), 10).items()).isEmpty();
        }
        try (Stream<Path> stored = Files.walk(home.resolve("store"))) {
            assertThat(stored.filter(file -> file.toString().contains("snap-") && Files.isRegularFile(file)))
                    .isEmpty();
        }
    }

    private SnapshotService service() {
        return SnapshotService.builder()
                .hypervisor(
                        URI.create("images://" + home.resolve("images").toUri().getPath()))
                .store(home.resolve("store").toUri())
                .catalog(home.resolve("catalog").toUri())
                .build();
    }

    private byte[] image() throws IOException {
        byte[] content = new byte[SIZE];
        byte[] noise = new byte[1 << 20];
        new Random(7).nextBytes(noise);
        System.arraycopy(noise, 0, content, 1 << 20, noise.length);
        Path image = Files.write(home.resolve("disk.raw"), content);
        Files.createDirectories(home.resolve("images"));
        try (ImageDirectoryHypervisor images = ImageDirectoryHypervisor.open(home.resolve("images"))) {
            images.importImage("disk-1", image, "raw");
        }
        return content;
    }
}
