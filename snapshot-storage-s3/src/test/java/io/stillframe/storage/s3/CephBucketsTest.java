package io.stillframe.storage.s3;

import static io.stillframe.storage.s3.S3StoreTests.KEY;
import static io.stillframe.storage.s3.S3StoreTests.PART;
import static io.stillframe.storage.s3.S3StoreTests.failureOf;
import static io.stillframe.storage.s3.S3StoreTests.kindOf;
import static io.stillframe.storage.s3.S3StoreTests.options;
import static io.stillframe.storage.s3.S3StoreTests.random;
import static io.stillframe.storage.s3.S3StoreTests.read;
import static io.stillframe.storage.s3.S3StoreTests.uploadOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.services.s3.model.Tag;

/** What buckets and objects of a real server can be set to: quotas, locks, encryption with the caller's key, tags. */
final class CephBucketsTest {
    @RegisterExtension
    static final CephServer CEPH = new CephServer();

    private static final S3ObjectLock HOUR = new S3ObjectLock(S3ObjectLock.Mode.GOVERNANCE, Duration.ofHours(1));

    private String bucket = "";

    @AfterEach
    void remove() {
        server().removeVersions(bucket);
    }

    private static S3Server server() {
        return CEPH.server();
    }

    private S3ObjectStoreBuilder builder() {
        return server().store(bucket)
                .prefix("a/b")
                .features(EnumSet.of(
                        StoreCapability.CREATE_IF_ABSENT, StoreCapability.RESUME, StoreCapability.LIST_UPLOADS));
    }

    private static void requireNothingIn(S3ObjectStore store) {
        assertThat(store.list("", Optional.empty(), 10).items()).isEmpty();
        assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();
    }

    /** Room for one part of two. */
    @Test
    void aQuotaThatIsUsedUpEndsAnUploadForGoodAndLeavesNothing() throws IOException {
        bucket = server().newBucket();
        CephLab.admin("quota", "enable", "--quota-scope=bucket", "--bucket=" + bucket, "--max-size=" + PART * 3 / 2);
        try (S3ObjectStore store = builder().build()) {
            try (UploadSession session = store.beginUpload(KEY, PartLayout.fixed(PART), options())) {
                session.putPart(1, ByteBuffer.wrap(random(PART)));
                SnapshotException refused = failureOf(() -> session.putPart(2, ByteBuffer.wrap(random(PART))));
                assertThat(refused.kind()).isEqualTo(Kind.PERMANENT);
                assertThat(refused)
                        .hasMessageContaining("QuotaExceeded")
                        .hasMessageContaining("the quota of the bucket or of its owner is used up")
                        .hasMessageContaining(bucket)
                        .hasMessageNotContaining("credentials");
            }
            requireNothingIn(store);
        }
    }

    @Test
    void aLockedObjectStaysUntilItsLockIsLifted() {
        bucket = server().newLockingBucket();
        ObjectKey small = ObjectKey.of("some/small");
        byte[] content = random(PART + 5);
        try (S3ObjectStore store = builder().objectLock(HOUR).build()) {
            uploadOf(store, KEY, content);
            store.put(small, ByteBuffer.wrap(content, 0, 9), PublishMode.CREATE_IF_ABSENT, options());
            for (ObjectKey key : List.of(KEY, small)) {
                SnapshotException refused = failureOf(() -> store.delete(List.of(key)));
                assertThat(refused.kind()).as("%s", refused).isEqualTo(Kind.CONFLICT);
                assertThat(refused)
                        .hasMessageContaining(key.value())
                        .hasMessageContaining("locked until")
                        .hasMessageContaining("GOVERNANCE");
            }
            assertThat(read(store, KEY)).isEqualTo(content);
            server().unlock(bucket);
            store.delete(List.of(KEY, small, ObjectKey.of("some/absent")));
            requireNothingIn(store);
        }
        assertThat(server().versions(bucket)).isZero();
    }

    @Test
    void aProbeOfALockingStoreLeavesNothing() {
        bucket = server().newLockingBucket();
        try (S3ObjectStore store = builder().objectLock(HOUR).build()) {
            // With versions, radosgw 16 ignores the condition of a write.
            assertThat(store.probe().features())
                    .containsExactlyInAnyOrder(StoreCapability.RESUME, StoreCapability.LIST_UPLOADS);
        }
        assertThat(server().versions(bucket)).isZero();
    }

    @Test
    void withACustomersKeyOnlyItsHolderReadsAndGoesOn() {
        bucket = server().newBucket();
        byte[] content = random(PART + 100);
        try (S3ObjectStore store = withKey(1);
                S3ObjectStore other = withKey(2);
                S3ObjectStore without = builder().build()) {
            UploadSession begun = store.beginUpload(KEY, PartLayout.fixed(PART), options());
            PartReceipt first = begun.putPart(1, ByteBuffer.wrap(content, 0, PART));
            begun.detach();
            try (UploadSession session = store.resumeUpload(begun.token())) {
                assertThat(session.arrived()).containsExactly(first);
                PartReceipt second = session.putPart(2, ByteBuffer.wrap(content, PART, 100));
                session.complete(List.of(first, second), PublishMode.CREATE_IF_ABSENT);
            }
            assertThat(read(store, KEY)).isEqualTo(content);
            assertThat(kindOf(() -> read(other, KEY))).isEqualTo(Kind.PERMANENT);
            assertThat(kindOf(() -> read(without, KEY))).isEqualTo(Kind.PERMANENT);
            store.put(KEY, ByteBuffer.wrap(content, 0, 9), PublishMode.REPLACE, options());
            assertThat(read(store, KEY)).hasSize(9);
            store.delete(List.of(KEY));
            requireNothingIn(store);
        }
    }

    /** radosgw 16 takes the wish for keys of its own and has none. */
    @Test
    void encryptionThatTheServerDoesNotDoIsNotTakenForDone() {
        bucket = server().newBucket();
        try (S3ObjectStore store =
                builder().encryption(S3Encryption.serverKeys()).build()) {
            SnapshotException refused = failureOf(() -> store.beginUpload(KEY, PartLayout.fixed(PART), options()));
            assertThat(refused.kind()).as("%s", refused).isEqualTo(Kind.UNSUPPORTED);
            requireNothingIn(store);
        }
    }

    private S3ObjectStore withKey(int first) {
        byte[] key = new byte[32];
        key[0] = (byte) first;
        return builder().encryption(S3Encryption.customerKey(() -> key)).build();
    }

    @Test
    void whatIsPublishedBearsItsTagsAndClass() {
        bucket = server().newBucket();
        try (S3ObjectStore store =
                builder().tag("team", "vm & co").storageClass("STANDARD").build()) {
            store.put(ObjectKey.of("small"), ByteBuffer.allocate(1), PublishMode.REPLACE, options());
            uploadOf(store, ObjectKey.of("large"), random(10));
        }
        for (String key : List.of("a/b/small", "a/b/large")) {
            assertThat(server().client()
                            .getObjectTagging(r -> r.bucket(bucket).key(key))
                            .join()
                            .tagSet())
                    .containsExactly(Tag.builder().key("team").value("vm & co").build());
        }
    }
}
