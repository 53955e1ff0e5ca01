package io.stillframe.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.UploadToken;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is particular to S3, on any server; the rest is the contract kit's. */
abstract class S3StoreTests {
    static final int PART = 5 << 20;
    static final ObjectKey KEY = ObjectKey.of("some/object");

    private S3ObjectStore store;
    private String bucket;

    abstract S3Server server();

    abstract Set<StoreCapability> features();

    /** Those with which the server keeps uploads resumable. */
    PartChecksums checksums() {
        return PartChecksums.CRC32C;
    }

    private S3ObjectStoreBuilder builder() {
        return server().store(bucket).prefix("a/b").features(features()).checksums(checksums());
    }

    @BeforeEach
    void open() {
        bucket = server().newBucket();
        store = builder().build();
    }

    @AfterEach
    void close() {
        store.close();
        server().remove(bucket);
    }

    @Test
    void probeFindsWhatIsConfiguredForThisServerAndLeavesNothingBehind() {
        assertThat(store.probe().features()).isEqualTo(features());
        assertThat(store.list("", Optional.empty(), 10).items()).isEmpty();
        assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();
    }

    @Test
    void withoutTheFeatureCreateIfAbsentLooksFirst() {
        try (S3ObjectStore plain = server().store(bucket)
                .features(EnumSet.of(StoreCapability.RESUME, StoreCapability.LIST_UPLOADS))
                .build()) {
            assertThat(put(plain, 1)).isInstanceOf(PublishOutcome.Published.class);
            assertThat(put(plain, 2)).isInstanceOf(PublishOutcome.AlreadyExists.class);
            assertThat(upload(plain, 3)).isInstanceOf(PublishOutcome.AlreadyExists.class);
            assertThat(read(plain, KEY)).containsExactly(1);
            plain.delete(List.of(KEY));
        }
    }

    @ParameterizedTest
    @EnumSource(PartChecksums.class)
    void everyChecksumIsTakenByTheServer(PartChecksums checksums) {
        for (PayloadSigning signing : PayloadSigning.values()) {
            try (S3ObjectStore other = server().store(bucket)
                    .prefix("a/b")
                    .features(features())
                    .checksums(checksums)
                    .payloadSigning(signing)
                    .build()) {
                ObjectKey key = ObjectKey.of(checksums + "/" + signing);
                byte[] content = random(PART + 77);
                uploadOf(other, key, content);
                assertThat(read(store, key)).isEqualTo(content);
                other.put(ObjectKey.of("small"), ByteBuffer.wrap(content, 0, 99), PublishMode.REPLACE, options());
                other.delete(List.of(key, ObjectKey.of("small")));
                assertThat(other.stat(key)).isEmpty();
            }
        }
    }

    @Test
    void anotherProcessGoesOnWithAnUpload() {
        byte[] content = random(2 * PART + 10);
        UploadToken token;
        try (UploadSession first = store.beginUpload(KEY, PartLayout.fixed(PART), options())) {
            first.putPart(2, ByteBuffer.wrap(content, PART, PART));
            token = first.token();
            first.detach();
        }
        UploadToken carried = new UploadToken(token.key(), token.layout(), token.state());
        try (S3ObjectStore other = builder().build();
                UploadSession second = other.resumeUpload(carried)) {
            List<PartReceipt> parts = new ArrayList<>(second.arrived());
            assertThat(parts).extracting(PartReceipt::number).containsExactly(2);
            parts.add(0, second.putPart(1, ByteBuffer.wrap(content, 0, PART)));
            parts.add(second.putPart(3, ByteBuffer.wrap(content, 2 * PART, 10)));
            assertThat(second.complete(parts, PublishMode.CREATE_IF_ABSENT))
                    .isInstanceOf(PublishOutcome.Published.class);
        }
        assertThat(read(store, KEY)).isEqualTo(content);
        assertThatThrownBy(() -> store.resumeUpload(carried))
                .isInstanceOf(SnapshotException.class)
                .extracting("kind")
                .isEqualTo(Kind.NOT_FOUND);
    }

    @Test
    void anUploadFoundInAListingCanBeAbortedAndNotContinued() {
        try (UploadSession mine = store.beginUpload(KEY, PartLayout.fixed(PART), options())) {
            mine.putPart(1, ByteBuffer.wrap(random(100)));
            mine.detach();
        }
        UploadToken found =
                store.listUploads("some/", Optional.empty(), 10).items().get(0).token();
        try (UploadSession session = store.resumeUpload(found)) {
            assertThat(session.arrived()).hasSize(1);
            assertThat(kindOf(() -> session.putPart(1, ByteBuffer.allocate(1)))).isEqualTo(Kind.UNSUPPORTED);
        }
        assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();
    }

    @Test
    void aReplacedObjectIsNotReadOnAsIfItWereTheSame() {
        store.put(KEY, ByteBuffer.wrap(new byte[] {1, 2, 3}), PublishMode.REPLACE, options());
        try (ByteSource source = store.open(KEY)) {
            store.put(KEY, ByteBuffer.wrap(new byte[] {4, 5, 6, 7}), PublishMode.REPLACE, options());
            ByteBuffer target = ByteBuffer.allocate(2);
            assertThat(kindOf(() -> source.read(0, target))).isEqualTo(Kind.CONFLICT);
            assertThat(target.position()).isZero();
        }
    }

    @Test
    void aPresignedUrlReadsWithoutCredentials() throws IOException {
        byte[] content = random(1000);
        store.put(KEY, ByteBuffer.wrap(content), PublishMode.REPLACE, options());
        URI url = store.presignedRead(KEY, Duration.ofMinutes(1));
        try (InputStream in = url.toURL().openStream()) {
            assertThat(in.readAllBytes()).isEqualTo(content);
        }
    }

    @Test
    void metadataAndContentTypeAreStored() {
        store.put(
                KEY,
                ByteBuffer.allocate(3),
                PublishMode.REPLACE,
                new UploadOptions("application/json", Optional.empty()));
        var head = server().client()
                .headObject(r -> r.bucket(bucket).key("a/b/some/object"))
                .join();
        assertThat(head.contentType()).isEqualTo("application/json");
        assertThat(head.metadata()).containsKey(S3Requests.MARK);
    }

    @Test
    void wrongSecretIsPermanentAndNotShown() {
        String wrong = "wrong-secret-0123456789";
        try (S3ObjectStore other = server().store(bucket)
                .credentials(S3Credentials.of(server().keys().accessKey(), wrong))
                .build()) {
            SnapshotException failure =
                    failureOf(() -> other.put(KEY, ByteBuffer.allocate(1), PublishMode.REPLACE, options()));
            assertThat(failure.kind()).isEqualTo(Kind.PERMANENT);
            assertThat(failure).hasMessageContaining("403").hasMessageContaining("credentials");
            assertThat(kindOf(() -> other.stat(KEY))).isEqualTo(Kind.PERMANENT);
            assertThat(kindOf(() -> other.list("", Optional.empty(), 1))).isEqualTo(Kind.PERMANENT);
            assertThat(kindOf(() -> other.beginUpload(KEY, PartLayout.fixed(PART), options())))
                    .isEqualTo(Kind.PERMANENT);
            for (Throwable at = failure; at != null; at = at.getCause()) {
                assertThat(at.toString()).doesNotContain(wrong);
            }
            assertThat(other + other.uri()).doesNotContain(wrong);
        }
    }

    @Test
    void missingBucketIsPermanentAndNamed() {
        try (S3ObjectStore other =
                server().store("no-such-bucket-here").features(features()).build()) {
            assertThat(failureOf(() -> other.stat(KEY)).kind()).isEqualTo(Kind.PERMANENT);
            assertThat(failureOf(other::probe)).hasMessageStartingWith("putting ");
            assertThat(kindOf(() -> other.open(KEY))).isEqualTo(Kind.PERMANENT);
            assertThat(kindOf(() -> other.list("", Optional.empty(), 1))).isEqualTo(Kind.PERMANENT);
            assertThat(kindOf(() -> other.beginUpload(KEY, PartLayout.fixed(PART), options())))
                    .isEqualTo(Kind.PERMANENT);
            assertThat(failureOf(() -> other.put(KEY, ByteBuffer.allocate(1), PublishMode.REPLACE, options())))
                    .hasMessageContaining("no-such-bucket-here")
                    .extracting("kind")
                    .isEqualTo(Kind.PERMANENT);
        }
    }

    @Test
    void opensFromItsOwnUri() {
        store.put(KEY, ByteBuffer.wrap(new byte[] {9}), PublishMode.REPLACE, options());
        S3Settings again =
                S3Uri.parse(URI.create(store.uri()), name -> Optional.empty()).settings();
        assertThat(again.uri()).isEqualTo(store.uri());
        assertThat(again.capabilities()).isEqualTo(store.capabilities());
        assertThat(Map.of("bucket", again.bucket(), "prefix", again.prefix()))
                .isEqualTo(Map.of("bucket", bucket, "prefix", "a/b/"));
    }

    static UploadOptions options() {
        return UploadOptions.ofDefaults();
    }

    static PublishOutcome put(S3ObjectStore store, int content) {
        return store.put(KEY, ByteBuffer.wrap(new byte[] {(byte) content}), PublishMode.CREATE_IF_ABSENT, options());
    }

    static PublishOutcome upload(S3ObjectStore store, int content) {
        try (UploadSession session = store.beginUpload(KEY, PartLayout.fixed(PART), options())) {
            PartReceipt part = session.putPart(1, ByteBuffer.wrap(new byte[] {(byte) content}));
            return session.complete(List.of(part), PublishMode.CREATE_IF_ABSENT);
        }
    }

    static PublishOutcome uploadOf(ObjectStore store, ObjectKey key, byte[] content) {
        try (UploadSession session = store.beginUpload(key, PartLayout.fixed(PART), options())) {
            List<PartReceipt> parts = new ArrayList<>();
            for (int from = 0; from < content.length; from += PART) {
                ByteBuffer bytes = ByteBuffer.wrap(content, from, Math.min(PART, content.length - from));
                parts.add(session.putPart(from / PART + 1, bytes));
            }
            return session.complete(parts, PublishMode.CREATE_IF_ABSENT);
        }
    }

    static byte[] read(ObjectStore store, ObjectKey key) {
        try (ByteSource source = store.open(key)) {
            ByteBuffer all = ByteBuffer.allocate((int) source.size());
            source.read(0, all);
            return all.array();
        }
    }

    static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    static Kind kindOf(ThrowingCallable call) {
        return failureOf(call).kind();
    }

    static SnapshotException failureOf(ThrowingCallable call) {
        return catchThrowableOfType(SnapshotException.class, call);
    }
}
