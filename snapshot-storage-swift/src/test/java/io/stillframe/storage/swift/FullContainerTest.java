package io.stillframe.storage.swift;

import static io.stillframe.spi.contract.Faults.failing;
import static io.stillframe.storage.swift.Uploads.KEY;
import static io.stillframe.storage.swift.Uploads.LAYOUT;
import static io.stillframe.storage.swift.Uploads.PART;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.contract.Bytes;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Quotas that are used up: what is refused says so, and what is there can still be removed. */
final class FullContainerTest {
    private final SwiftLab lab = SwiftLab.open();
    private final TestContainer container = TestContainer.create(lab.tempAuth());
    private final SwiftObjectStore store = SwiftObjectStore.builder(container.name())
            .credentials(lab.tempAuth())
            .build();

    @BeforeEach
    void open() {
        container.send("PUT", "/" + container.name() + "_segments");
    }

    @AfterEach
    void close() {
        store.close();
        container.close();
    }

    /** A limit that is told to the container is in force at once; what it holds is looked at again only now and then. */
    private void limit(String suffix, String header, long value) {
        container.send("POST", "/" + container.name() + suffix, header, Long.toString(value));
    }

    @Test
    void aQuotaReachedInTheMiddleOfAnUploadEndsItForGoodAndLeavesNothing() {
        try (UploadSession session = store.beginUpload(KEY, LAYOUT, UploadOptions.ofDefaults())) {
            session.putPart(1, ByteBuffer.wrap(Bytes.random(PART, 1)));
            limit("_segments", "X-Container-Meta-Quota-Bytes", PART + PART / 2);
            assertThat(failing(() -> session.putPart(2, ByteBuffer.wrap(Bytes.random(PART, 2))), Kind.PERMANENT))
                    .hasMessageContaining("413")
                    .hasMessageContaining("part 2 of " + KEY)
                    .hasMessageContaining(" of at most " + (PART + PART / 2) + " bytes")
                    .hasMessageContaining("raise the quota");
        }
        assertThat(container.segments()).isEmpty();
        assertThat(container.objects()).isEmpty();
        limit("", "X-Container-Meta-Quota-Count", 0);
        assertThat(failing(
                        () -> store.put(KEY, ByteBuffer.allocate(9), PublishMode.REPLACE, UploadOptions.ofDefaults()),
                        Kind.PERMANENT))
                .hasMessageContaining("0 of at most 0 objects");
        limit("_segments", "X-Container-Meta-Quota-Bytes", 1);
        assertThat(failing(() -> store.beginUpload(KEY, LAYOUT, UploadOptions.ofDefaults()), Kind.PERMANENT))
                .hasMessageContaining("0 of at most 1 bytes");
    }

    /** The second cuts manifests into nested ones. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatFillsAContainerCanBeRemoved(boolean nested) {
        try (SwiftObjectStore used = SwiftObjectStore.builder(container.name())
                .credentials(nested ? lab.tempAuthOfSmallManifests() : lab.tempAuth())
                .build()) {
            Uploads.upload(used, Bytes.random(6 * PART, 6), PublishMode.CREATE_IF_ABSENT);
            limit("_segments", "X-Container-Meta-Quota-Bytes", PART);
            limit("", "X-Container-Meta-Quota-Bytes", 1);
            used.delete(List.of(KEY));
        }
        assertThat(container.segments()).isEmpty();
        assertThat(container.objects()).isEmpty();
    }
}
