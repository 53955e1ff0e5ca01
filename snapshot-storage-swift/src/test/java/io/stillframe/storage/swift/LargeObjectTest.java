package io.stillframe.storage.swift;

import static io.stillframe.spi.contract.Faults.failing;
import static io.stillframe.storage.swift.Uploads.KEY;
import static io.stillframe.storage.swift.Uploads.LAYOUT;
import static io.stillframe.storage.swift.Uploads.PART;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.contract.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How large objects lie in Swift, and what becomes of their segments. */
final class LargeObjectTest {
    private final SwiftLab lab = SwiftLab.open();
    private final TestContainer container = TestContainer.create(lab.tempAuth());
    private final SwiftObjectStore store = SwiftObjectStore.builder(container.name())
            .prefix("p")
            .credentials(lab.tempAuth())
            .build();
    private final SwiftObjectStore small = SwiftObjectStore.builder(container.name())
            .prefix("p")
            .credentials(lab.tempAuthOfSmallManifests())
            .build();

    @AfterEach
    void close() {
        store.close();
        small.close();
        container.close();
    }

    @Test
    void manifestsAreNestedWhereOneCannotNameAllSegments() {
        assertThat(small.capabilities().mostParts()).isEqualTo(16);
        byte[] content = Bytes.random(13 * PART + 7, 13);
        assertThat(Uploads.upload(small, content, PublishMode.CREATE_IF_ABSENT))
                .isInstanceOf(PublishOutcome.Published.class);
        assertThat(container.segments())
                .hasSize(14 + 4)
                .filteredOn(name -> name.contains("/m0"))
                .hasSize(4);
        assertThat(store.stat(KEY).orElseThrow().size()).isEqualTo(content.length);
        assertThat(Uploads.read(store)).isEqualTo(content);
        ByteSource source = store.open(KEY);
        assertThat(Bytes.read(source, 3 * PART + 999, PART + 2))
                .isEqualTo(Arrays.copyOfRange(content, 3 * PART + 999, 4 * PART + 1001));
        source.close();
        store.delete(List.of(KEY));
        assertThat(container.objects()).isEmpty();
        assertThat(container.segments()).isEmpty();
    }

    @Test
    void replacingRemovesTheSegmentsOfTheFormerObject() {
        Uploads.upload(store, Bytes.random(3 * PART, 1), PublishMode.REPLACE);
        Uploads.upload(store, Bytes.random(2 * PART, 2), PublishMode.REPLACE);
        assertThat(container.segments()).hasSize(2);
        store.put(KEY, ByteBuffer.allocate(5), PublishMode.REPLACE, UploadOptions.ofDefaults());
        assertThat(container.segments()).isEmpty();
    }

    @Test
    void aLargeObjectOfAnotherToolIsRemovedWithItsSegments() {
        container.send("PUT", "/" + container.name() + "_segments");
        container.send("PUT", "/" + container.name() + "_segments/foreign", Optional.of(ByteBuffer.allocate(10)));
        String manifest = "[{\"path\":\"/" + container.name() + "_segments/foreign\"}]";
        container.send(
                "PUT",
                SwiftNames.path(container.name(), "p/" + KEY.value()) + "?multipart-manifest=put",
                Optional.of(ByteBuffer.wrap(manifest.getBytes(java.nio.charset.StandardCharsets.UTF_8))));
        assertThat(store.stat(KEY).orElseThrow().size()).isEqualTo(10);
        store.delete(List.of(KEY));
        assertThat(container.objects()).isEmpty();
        assertThat(container.segments()).isEmpty();
    }

    @Test
    void segmentsManifestsAndMarkersExpireWithTheObject() {
        Instant expiry = Instant.now().plus(Duration.ofHours(1));
        UploadOptions options = new UploadOptions("application/x-test", Optional.of(expiry));
        byte[] content = Bytes.random(6 * PART, 6);
        UploadSession session = small.beginUpload(KEY, LAYOUT, options);
        List<PartReceipt> parts = Uploads.send(session, content);
        String marker = container.segments().stream()
                .filter(name -> name.startsWith("uploads/"))
                .findFirst()
                .orElseThrow();
        requireExpiry(container.name() + "_segments", marker, expiry);
        session.detach();
        try (UploadSession resumed = store.resumeUpload(session.token())) {
            PartReceipt again = resumed.putPart(1, ByteBuffer.wrap(content, 0, PART));
            assertThat(again).isEqualTo(parts.get(0));
            resumed.complete(parts, PublishMode.REPLACE);
        }
        container.objects().forEach(name -> requireExpiry(container.name(), name, expiry));
        assertThat(container.segments()).hasSize(6);
        container.segments().forEach(name -> requireExpiry(container.name() + "_segments", name, expiry));
        assertThat(container
                        .send("GET", SwiftNames.path(container.name(), "p/" + KEY.value()))
                        .header("Content-Type"))
                .contains("application/x-test");
        failing(
                () -> store.put(
                        KEY,
                        ByteBuffer.allocate(1),
                        PublishMode.REPLACE,
                        new UploadOptions("a/b", Optional.of(Instant.now().minusSeconds(1)))),
                Kind.INVALID);
    }

    private void requireExpiry(String in, String name, Instant expiry) {
        assertThat(container.send("HEAD", SwiftNames.path(in, name)).header("X-Delete-At"))
                .as(name)
                .contains(Long.toString(expiry.getEpochSecond() + 1));
    }

    @Test
    void aManifestThatIsRefusedLateMakesNoObject() {
        UploadSession session = store.beginUpload(KEY, LAYOUT, UploadOptions.ofDefaults());
        List<PartReceipt> parts = Uploads.send(session, Bytes.random(3 * PART, 3));
        session.putPart(2, ByteBuffer.wrap(Bytes.random(PART, 4)));
        assertThat(failing(() -> session.complete(parts, PublishMode.REPLACE), Kind.INVALID))
                .hasMessageContaining("Etag Mismatch");
        String second = container.segments().stream()
                .filter(name -> name.endsWith("/00000002"))
                .findFirst()
                .orElseThrow();
        container.send("DELETE", SwiftNames.path(container.name() + "_segments", second));
        assertThat(failing(() -> session.complete(parts, PublishMode.CREATE_IF_ABSENT), Kind.NOT_FOUND))
                .hasMessageContaining("404");
        assertThat(store.stat(KEY)).isEmpty();
        session.close();
        assertThat(container.segments()).isEmpty();
    }

    @Test
    void aSegmentThatIsGoneIsCorruption() {
        Uploads.upload(store, Bytes.random(3 * PART, 3), PublishMode.REPLACE);
        String second = container.segments().stream()
                .filter(name -> name.endsWith("/00000002"))
                .findFirst()
                .orElseThrow();
        container.send("DELETE", SwiftNames.path(container.name() + "_segments", second));
        ByteSource source = store.open(KEY);
        assertThat(Bytes.read(source, 0, PART)).hasSize(PART);
        failing(() -> source.read(0, ByteBuffer.allocate(2 * PART)), Kind.CORRUPT, Kind.TRANSIENT);
        assertThat(failing(() -> source.read(PART + 10, ByteBuffer.allocate(100)), Kind.CORRUPT))
                .hasMessageContaining(KEY.value())
                .hasMessageContaining(String.valueOf(PART + 10));
        source.close();
    }

    @Test
    void whatACompletionLeftBehindIsSweptWithoutTouchingTheObject() {
        byte[] content = Bytes.random(2 * PART, 2);
        Uploads.upload(store, content, PublishMode.REPLACE);
        String id = container.segments().get(0).split("/")[4];
        container.send(
                "PUT",
                SwiftNames.path(container.name() + "_segments", "uploads/p/" + KEY.value() + "/" + id),
                Optional.of(ByteBuffer.wrap("{}".getBytes(java.nio.charset.StandardCharsets.UTF_8))));
        Uploads.sweep(store);
        assertThat(Uploads.read(store)).isEqualTo(content);
        // And a removal that was cut short: the manifest is gone, the marker tells of the segments.
        container.send(
                "PUT",
                SwiftNames.path(container.name() + "_segments", "uploads/p/" + KEY.value() + "/" + id),
                Optional.of(ByteBuffer.wrap("{}".getBytes(java.nio.charset.StandardCharsets.UTF_8))));
        container.send("DELETE", SwiftNames.path(container.name(), "p/" + KEY.value()));
        Uploads.sweep(store);
        assertThat(container.segments()).isEmpty();
    }

    @Test
    void aTemporaryUrlReadsWithoutCredentials() throws IOException {
        byte[] content = Bytes.random(2 * PART + 5, 2);
        Uploads.upload(store, content, PublishMode.REPLACE);
        container.send("POST", "", "X-Account-Meta-Temp-Url-Key", "temporary");
        URI url = store.presignedRead(KEY, Duration.ofMinutes(5));
        try (InputStream in = url.toURL().openStream()) {
            assertThat(in.readAllBytes()).isEqualTo(content);
        }
        assertThat(url.toString()).doesNotContain("temporary").contains("temp_url_sig=");
        failing(() -> store.presignedRead(KEY, Duration.ofDays(8)), Kind.INVALID);
    }
}
