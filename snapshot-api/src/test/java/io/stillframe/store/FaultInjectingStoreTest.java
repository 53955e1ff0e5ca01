package io.stillframe.store;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.contract.Bytes;
import io.stillframe.store.FaultInjectingStore.Gate;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class FaultInjectingStoreTest {
    private static final ObjectKey KEY = ObjectKey.of("k");

    private final FaultInjectingStore store = FaultInjectingStore.around(MemoryObjectStore.create());

    private void put(byte... bytes) {
        store.put(KEY, ByteBuffer.wrap(bytes), PublishMode.REPLACE, UploadOptions.ofDefaults());
    }

    private UploadSession begin() {
        return store.beginUpload(KEY, PartLayout.fixed(4), UploadOptions.ofDefaults());
    }

    @Test
    void failsTheCallThatWasChosen() {
        store.failBefore(Operation.PUT, 2, Kind.THROTTLED);
        put((byte) 1);
        failing(() -> put((byte) 2), Kind.THROTTLED);
        try (ByteSource source = store.open(KEY)) {
            assertThat(Bytes.readAll(source)).containsExactly(1);
        }
        put((byte) 3);
        store.failBefore(Operation.PUT, 1, Kind.PERMANENT);
        failing(() -> put((byte) 4), Kind.PERMANENT);
        assertThat(store.calls(Operation.PUT)).isEqualTo(4);
    }

    @Test
    void failsAfterTheEffect() {
        store.failAfter(Operation.PUT, 1, Kind.OUTCOME_UNKNOWN);
        failing(() -> put((byte) 1), Kind.OUTCOME_UNKNOWN);
        assertThat(store.stat(KEY)).isPresent();

        store.failAfter(Operation.BEGIN_UPLOAD, 1, Kind.OUTCOME_UNKNOWN);
        failing(this::begin, Kind.OUTCOME_UNKNOWN);
        assertThat(store.listUploads("", Optional.empty(), 10).items()).hasSize(1);
    }

    @Test
    void failsUntilHealed() {
        put((byte) 1);
        store.failAlways(Operation.STAT, Kind.TRANSIENT);
        failing(() -> store.stat(KEY), Kind.TRANSIENT);
        failing(() -> store.stat(KEY), Kind.TRANSIENT);
        store.heal();
        assertThat(store.stat(KEY)).isPresent();
    }

    @Test
    void everyOperationCanFail() {
        put((byte) 1);
        UploadSession session = begin();
        ByteSource source = store.open(KEY);
        for (Operation operation : Operation.values()) {
            store.failAlways(operation, Kind.PERMANENT);
        }
        failing(() -> store.stat(KEY), Kind.PERMANENT);
        failing(() -> store.open(KEY), Kind.PERMANENT);
        failing(() -> source.read(0, ByteBuffer.allocate(1)), Kind.PERMANENT);
        failing(() -> put((byte) 1), Kind.PERMANENT);
        failing(this::begin, Kind.PERMANENT);
        failing(() -> store.resumeUpload(session.token()), Kind.PERMANENT);
        failing(() -> session.putPart(1, ByteBuffer.allocate(4)), Kind.PERMANENT);
        failing(session::arrived, Kind.PERMANENT);
        failing(() -> session.complete(List.of(), PublishMode.REPLACE), Kind.PERMANENT);
        failing(session::close, Kind.PERMANENT);
        failing(() -> store.list("", Optional.empty(), 1), Kind.PERMANENT);
        failing(() -> store.delete(List.of(KEY)), Kind.PERMANENT);
        failing(() -> store.listUploads("", Optional.empty(), 1), Kind.PERMANENT);
        store.heal();
        assertThat(session.arrived()).isEmpty();
        assertThat(store.list("", Optional.empty(), 10).items()).hasSize(1);
        session.close();
    }

    @Test
    void aGateHoldsOneCallBackUntilItOpens() throws Exception {
        Gate gate = store.block(Operation.PUT);
        CompletableFuture<Void> blocked = CompletableFuture.runAsync(() -> put((byte) 1));
        gate.awaitArrival(Duration.ofSeconds(60));
        assertThat(blocked).isNotDone();
        assertThat(store.stat(KEY)).isEmpty();
        gate.open();
        blocked.get(60, TimeUnit.SECONDS);
        assertThat(store.stat(KEY)).isPresent();
        put((byte) 2);
    }

    @Test
    void healingOpensGatesAndWaitingForNobodyEnds() throws Exception {
        Gate gate = store.block(Operation.STAT);
        failing(() -> gate.awaitArrival(Duration.ofMillis(1)), Kind.CANCELLED);
        CompletableFuture<Void> blocked = CompletableFuture.runAsync(() -> store.stat(KEY));
        gate.awaitArrival(Duration.ofSeconds(60));
        store.heal();
        blocked.get(60, TimeUnit.SECONDS);
    }

    @Test
    void rottenBytesAreRead() {
        put((byte) 0, (byte) 1, (byte) 2, (byte) 3);
        store.corruptRead(KEY, 2);
        try (ByteSource source = store.open(KEY)) {
            assertThat(Bytes.readAll(source)).containsExactly(0, 1, ~2, 3);
            assertThat(Bytes.read(source, 2, 1)).containsExactly(~2);
            assertThat(Bytes.read(source, 3, 1)).containsExactly(3);
            assertThat(Bytes.read(source, 0, 2)).containsExactly(0, 1);
            store.heal();
            assertThat(Bytes.readAll(source)).containsExactly(0, 1, 2, 3);
        }
    }

    @Test
    void aTruncatedObjectLooksShort() {
        put((byte) 0, (byte) 1, (byte) 2, (byte) 3);
        store.truncate(KEY, 3);
        assertThat(store.stat(KEY).orElseThrow().size()).isEqualTo(3);
        assertThat(store.list("", Optional.empty(), 1).items().get(0).size()).isEqualTo(3);
        try (ByteSource source = store.open(KEY)) {
            assertThat(Bytes.readAll(source)).containsExactly(0, 1, 2);
            failing(() -> source.read(2, ByteBuffer.allocate(2)), Kind.INVALID);
        }
    }
}
