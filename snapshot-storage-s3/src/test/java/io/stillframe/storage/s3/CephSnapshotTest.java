package io.stillframe.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.SnapshotService;
import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.StoreCapability;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

final class CephSnapshotTest extends S3SnapshotTests {
    @RegisterExtension
    static final CephServer CEPH = new CephServer();

    @Override
    S3Server server() {
        return CEPH.server();
    }

    @Override
    Set<StoreCapability> features() {
        return EnumSet.of(StoreCapability.CREATE_IF_ABSENT, StoreCapability.RESUME, StoreCapability.LIST_UPLOADS);
    }

    @Test
    void aSnapshotUnderLockIsRemovedOnceItsLockHasEnded() {
        String bucket = server().newLockingBucket();
        S3ObjectLock hour = new S3ObjectLock(S3ObjectLock.Mode.GOVERNANCE, Duration.ofHours(1));
        try (S3ObjectStore locking = server().store(bucket)
                        .features(features())
                        .objectLock(hour)
                        .build();
                SnapshotService service = service(locking)) {
            Snapshot snapshot = take(service);
            assertThat(snapshot.status()).as("%s", snapshot).isEqualTo(SnapshotStatus.AVAILABLE);
            assertThat(S3StoreTests.failureOf(() -> service.delete(snapshot.id())))
                    .hasMessageContaining("locked until")
                    .extracting("kind")
                    .isEqualTo(Kind.CONFLICT);
            assertThat(service.get(snapshot.id()).status()).isEqualTo(SnapshotStatus.DELETING);
            server().unlock(bucket);
            Awaitility.await().pollInSameThread().untilAsserted(() -> {
                service.recover(new Cancellation());
                assertThat(service.list(Optional.empty(), 10).items()).isEmpty();
            });
            assertThat(server().versions(bucket)).isZero();
        }
        server().remove(bucket);
    }
}
