package io.stillframe.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.hypervisor.ImageDirectoryHypervisor;
import io.stillframe.model.LaunchRequest;
import io.stillframe.model.RetryPolicy;
import io.stillframe.model.ServiceSettings;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotId;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.model.SweepMode;
import io.stillframe.spi.BlockSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadSession;
import io.stillframe.testing.Fault;
import io.stillframe.testing.Fault.Action;
import io.stillframe.testing.Fault.Point;
import io.stillframe.testing.FaultProxy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.async.AsyncRequestBody;

/** The whole way of a snapshot to S3 and back, without a hypervisor. */
abstract class S3SnapshotTests {
    private static final int SIZE = 24 << 20;

    @TempDir
    Path home;

    private String bucket;
    private S3ObjectStore direct;
    private FaultProxy proxy;

    abstract S3Server server();

    abstract Set<StoreCapability> features();

    @BeforeEach
    void open() throws IOException {
        bucket = server().newBucket();
        proxy = FaultProxy.inFrontOf(server().endpoint().getPort());
        direct = server().store(bucket).prefix("vms").features(features()).build();
        byte[] content = S3StoreTests.random(SIZE);
        Path image = Files.write(home.resolve("disk.raw"), content);
        Files.createDirectories(home.resolve("images"));
        try (ImageDirectoryHypervisor images = ImageDirectoryHypervisor.open(home.resolve("images"))) {
            images.importImage("disk-1", image, "raw");
        }
    }

    @AfterEach
    void close() {
        proxy.close();
        direct.close();
        server().remove(bucket);
    }

    private S3ObjectStore throughProxy() {
        return server().store(bucket, proxy.uri())
                .prefix("vms")
                .features(features())
                .stallTimeout(Duration.ofSeconds(2))
                .requestTimeout(Duration.ofSeconds(5))
                .completionTimeout(Duration.ofSeconds(3))
                .build();
    }

    SnapshotService service(S3ObjectStore store) {
        return SnapshotService.builder()
                .hypervisor(ImageDirectoryHypervisor.open(home.resolve("images")))
                .store(store)
                .catalog(home.resolve("catalog").toUri())
                .settings(ServiceSettings.builder()
                        .partSize(5 << 20)
                        .retries(new RetryPolicy(Duration.ofMillis(50), Duration.ofMillis(200), 3))
                        .orphanAge(Duration.ZERO)
                        .build())
                .build();
    }

    static Snapshot take(SnapshotService service) {
        Snapshot created = service.create(SnapshotRequest.of("disk-1"));
        return service.await(created.id(), SnapshotService.settled(), Duration.ofMinutes(2));
    }

    private void requireNothingLeft() {
        assertThat(direct.list("", Optional.empty(), 10).items()).isEmpty();
        assertThat(direct.listUploads("", Optional.empty(), 10).items()).isEmpty();
    }

    @Test
    void aSnapshotIsStoredReadLaunchedAndRemoved() {
        try (SnapshotService service = service(direct)) {
            Snapshot snapshot = take(service);
            assertThat(snapshot.status()).as("%s", snapshot).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(snapshot.replicas().get(0).store()).isEqualTo(direct.uri());
            try (BlockSource disk =
                    service.openDisk(snapshot.id(), snapshot.disks().get(0).device())) {
                ByteBuffer bytes = ByteBuffer.allocate(SIZE);
                disk.read(0, bytes);
                assertThat(bytes.array()).isEqualTo(S3StoreTests.random(SIZE));
            }
            // Verifies the content by its digest.
            service.launch(LaunchRequest.of(snapshot.id(), "disk-2").withStart(LaunchRequest.Start.DEFINED_ONLY));
            service.delete(snapshot.id());
        }
        requireNothingLeft();
    }

    @Test
    void aByteThatRottedOnTheServerIsFoundAndNamed() {
        try (SnapshotService service = service(direct)) {
            Snapshot snapshot = take(service);
            String key = snapshot.disks().get(0).object().orElseThrow();
            byte[] stored = S3StoreTests.read(direct, ObjectKey.of(key));
            stored[stored.length / 2] ^= 1;
            server().client()
                    .putObject(r -> r.bucket(bucket).key("vms/" + key), AsyncRequestBody.fromBytes(stored))
                    .join();
            try (BlockSource disk =
                    service.openDisk(snapshot.id(), snapshot.disks().get(0).device())) {
                assertThat(S3StoreTests.failureOf(() -> disk.read(0, ByteBuffer.allocate(SIZE))))
                        .hasMessageContaining(key)
                        .hasMessageContaining("frame at ")
                        .extracting("kind")
                        .isEqualTo(Kind.CORRUPT);
            }
            service.delete(snapshot.id());
        }
        requireNothingLeft();
    }

    @Test
    void aNetworkThatFailsNowAndThenIsNotNoticed() {
        try (S3ObjectStore shaky = throughProxy();
                SnapshotService service = service(shaky)) {
            for (Fault fault : new Fault[] {
                Fault.at(2, Point.IN_BODY, Action.RESET),
                Fault.at(3, Point.BEFORE_ANSWER, Action.CLOSE),
                Fault.answer(1, "503 Slow Down", "Retry-After: 0").among(line -> line.startsWith("PUT"))
            }) {
                proxy.arm(fault);
                Snapshot snapshot = take(service);
                assertThat(snapshot.status()).as("%s %s", fault, snapshot).isEqualTo(SnapshotStatus.AVAILABLE);
                assertThat(proxy.hits()).isEqualTo(1);
                service.launch(LaunchRequest.of(snapshot.id(), "disk-" + snapshot.id())
                        .withStart(LaunchRequest.Start.DEFINED_ONLY));
                service.delete(snapshot.id());
            }
        }
        requireNothingLeft();
    }

    @Test
    void aStoreThatDiesFailsTheSnapshotAndTheNextSweepClearsUp() {
        try (S3ObjectStore dying = throughProxy();
                SnapshotService service = service(dying)) {
            proxy.arm(Fault.at(4, Point.BEFORE_REQUEST, Action.RESET).fromThenOn());
            Snapshot snapshot = take(service);
            assertThat(snapshot.status()).isEqualTo(SnapshotStatus.FAILED);
            proxy.disarm();
            service.sweep(SweepMode.REMOVE, new Cancellation());
            requireNothingLeft();
            assertThat(take(service).status()).isEqualTo(SnapshotStatus.AVAILABLE);
        }
    }

    @Test
    void aSweepRemovesUploadsThatNobodyKnowsOf() {
        SnapshotId unknown = SnapshotId.create(Instant.now().minus(Duration.ofDays(1)));
        ObjectKey key = ObjectKey.of("snapshots/" + unknown.value() + "/vda.qcow2");
        try (SnapshotService service = service(direct)) {
            try (UploadSession left =
                    direct.beginUpload(key, PartLayout.fixed(S3StoreTests.PART), S3StoreTests.options())) {
                left.putPart(1, ByteBuffer.wrap(new byte[10]));
                left.detach();
            }
            service.sweep(SweepMode.DRY_RUN, new Cancellation());
            assertThat(direct.listUploads("", Optional.empty(), 10).items()).hasSize(1);
            service.sweep(SweepMode.REMOVE, new Cancellation());
        }
        requireNothingLeft();
    }
}
