package io.stillframe.storage.swift;

import static io.stillframe.spi.contract.Faults.failing;
import static io.stillframe.storage.swift.Uploads.KEY;
import static io.stillframe.storage.swift.Uploads.LAYOUT;
import static io.stillframe.storage.swift.Uploads.PART;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.contract.Bytes;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A container that somebody removes while the store is open is told of, and never taken for one without the object. */
final class MissingContainerTest {
    private final SwiftLab lab = SwiftLab.open();
    private final TestContainer container = TestContainer.create(lab.tempAuth());
    private final SwiftObjectStore store = SwiftObjectStore.builder(container.name())
            .credentials(lab.tempAuth())
            .build();

    @AfterEach
    void close() {
        store.close();
        container.close();
    }

    /** What a store is asked for. */
    enum Asked {
        STAT(store -> store.stat(KEY)),
        OPEN(store -> store.open(KEY)),
        PUT(store -> store.put(KEY, ByteBuffer.allocate(1), PublishMode.REPLACE, UploadOptions.ofDefaults())),
        CREATE(store ->
                store.put(KEY, ByteBuffer.allocate(1), PublishMode.CREATE_IF_ABSENT, UploadOptions.ofDefaults())),
        LIST(store -> store.list("", Optional.empty(), 1)),
        DELETE(store -> store.delete(List.of(KEY)));

        private final Consumer<SwiftObjectStore> call;

        Asked(Consumer<SwiftObjectStore> call) {
            this.call = call;
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyCallNamesWhatIsMissing(Asked asked) {
        container.send("DELETE", "/" + container.name());
        assertThat(failing(() -> asked.call.accept(store), Kind.PERMANENT))
                .hasMessageContaining(container.name())
                .hasMessageContaining("does not exist");
    }

    @Test
    void anUploadIsNotCompletedIntoNothing() {
        UploadSession session = store.beginUpload(KEY, LAYOUT, UploadOptions.ofDefaults());
        PartReceipt part = session.putPart(1, ByteBuffer.wrap(Bytes.random(PART, 1)));
        container.send("DELETE", "/" + container.name());
        assertThat(failing(() -> session.complete(List.of(part), PublishMode.REPLACE), Kind.PERMANENT))
                .hasMessageContaining(container.name());
        assertThat(failing(session::close, Kind.PERMANENT)).hasMessageContaining(container.name());
        // Whoever sees no container may see it again: nothing is removed on that ground.
        assertThat(container.segments()).isNotEmpty();
    }
}
