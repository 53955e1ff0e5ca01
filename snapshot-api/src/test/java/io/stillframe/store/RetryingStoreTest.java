package io.stillframe.store;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.model.RetryPolicy;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.PublishOutcome.AlreadyExists;
import io.stillframe.spi.PublishOutcome.Published;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.contract.Bytes;
import io.stillframe.store.FaultInjectingStore.Operation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class RetryingStoreTest {
    private static final ObjectKey KEY = ObjectKey.of("k");
    private static final RetryPolicy POLICY = new RetryPolicy(Duration.ofSeconds(1), Duration.ofSeconds(4), 5);

    private final List<Duration> pauses = new ArrayList<>();
    private final FaultInjectingStore faulty = FaultInjectingStore.around(MemoryObjectStore.create());
    private final RetryBudget budget = RetryBudget.of(10);
    private final RetryingStore store = RetryingStore.around(faulty, retries(0.5));

    private StoreRetries retries(double chance) {
        return StoreRetries.ofDefaults()
                .withPolicy(POLICY)
                .withBudget(budget)
                .withChanceAndTime(() -> chance, pauses::add);
    }

    private PublishOutcome put(PublishMode mode, int... bytes) {
        ByteBuffer content = ByteBuffer.allocate(bytes.length);
        for (int b : bytes) {
            content.put((byte) b);
        }
        return store.put(KEY, content.flip(), mode, UploadOptions.ofDefaults());
    }

    private byte[] content() {
        try (ByteSource source = store.open(KEY)) {
            return Bytes.readAll(source);
        }
    }

    /** All calls of an object's life. */
    private void live() {
        try (UploadSession session = store.beginUpload(KEY, PartLayout.fixed(4), UploadOptions.ofDefaults())) {
            session.putPart(1, ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
            session.detach();
            try (UploadSession resumed = store.resumeUpload(session.token())) {
                resumed.complete(resumed.arrived(), PublishMode.CREATE_IF_ABSENT);
            }
        }
        store.beginUpload(ObjectKey.of("other"), PartLayout.fixed(4), UploadOptions.ofDefaults())
                .close();
        assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();
        assertThat(store.list("", Optional.empty(), 10).items()).hasSize(1);
        assertThat(store.stat(KEY)).isPresent();
        assertThat(content()).containsExactly(1, 2, 3, 4);
        store.delete(List.of(KEY));
        put(PublishMode.REPLACE, 1);
    }

    @ParameterizedTest
    @EnumSource(Operation.class)
    void everyCallIsMadeAgainAfterPassingFaults(Operation operation) {
        faulty.failBefore(operation, 1, Kind.TRANSIENT);
        live();
        assertThat(pauses).containsExactly(Duration.ofMillis(500));
        assertThat(content()).containsExactly(1);
    }

    @Test
    void pausesDoubleAreDrawnAndEndWithTheAttempts() {
        faulty.failAlways(Operation.STAT, Kind.TRANSIENT);
        failing(() -> store.stat(KEY), Kind.TRANSIENT);
        assertThat(pauses).extracting(Duration::toMillis).containsExactly(500L, 1000L, 2000L, 2000L);
        assertThat(faulty.calls(Operation.STAT)).isEqualTo(5);
    }

    @Test
    void lastingFaultsAreNotRepeated() {
        faulty.failAlways(Operation.STAT, Kind.PERMANENT);
        failing(() -> store.stat(KEY), Kind.PERMANENT);
        assertThat(faulty.calls(Operation.STAT)).isEqualTo(1);
    }

    @Test
    void anEmptyBudgetEndsRetriesAndSuccessesFillIt() {
        faulty.failAlways(Operation.STAT, Kind.TRANSIENT);
        for (int i = 0; i < 5; i++) {
            failing(() -> store.stat(KEY), Kind.TRANSIENT);
        }
        assertThat(pauses).hasSize(10);
        assertThat(budget.left()).isZero();
        faulty.heal();
        for (int i = 0; i < 20; i++) {
            store.stat(KEY);
        }
        assertThat(budget.left()).isEqualTo(2);
    }

    @Test
    void theServersWishIsTheLeastPause() {
        AtomicInteger calls = new AtomicInteger();
        retries(0.25).call("it", () -> {
            if (calls.incrementAndGet() < 3) {
                throw SnapshotException.throttled("slow down", Optional.of(Duration.ofSeconds(7)), null);
            }
            return calls;
        });
        assertThat(pauses).extracting(Duration::toMillis).containsExactly(7250L, 7500L);
    }

    @Test
    void aWishOfMinutesIsTheCallersToMeet() {
        SnapshotException later = SnapshotException.throttled("later", Optional.of(Duration.ofHours(1)), null);
        assertThatThrownBy(() -> retries(0.5).call("it", () -> {
                    throw later;
                }))
                .isSameAs(later);
        assertThat(pauses).isEmpty();
    }

    @Test
    void anInterruptEndsAPause() {
        StoreRetries real = StoreRetries.ofDefaults();
        Thread.currentThread().interrupt();
        failing(
                () -> real.call("it", () -> {
                    throw SnapshotException.transientFault("again", null);
                }),
                Kind.CANCELLED);
        assertThat(Thread.interrupted()).isTrue();
    }

    // What nobody knows the outcome of

    @ParameterizedTest
    @EnumSource(PublishMode.class)
    void aPutWhoseAnswerWasLostIsFoundByItsContent(PublishMode mode) {
        faulty.failAfter(Operation.PUT, 1, Kind.OUTCOME_UNKNOWN);
        assertThat(put(mode, 1, 2)).isInstanceOf(Published.class);
        assertThat(faulty.calls(Operation.PUT)).isEqualTo(1);
        assertThat(content()).containsExactly(1, 2);
    }

    @ParameterizedTest
    @EnumSource(PublishMode.class)
    void aPutThatGotLostIsMadeAgain(PublishMode mode) {
        faulty.failBefore(Operation.PUT, 1, Kind.OUTCOME_UNKNOWN);
        assertThat(put(mode, 1, 2)).isInstanceOf(Published.class);
        assertThat(faulty.calls(Operation.PUT)).isEqualTo(2);
    }

    @Test
    void anothersObjectIsNotTakenForOnesOwn() {
        put(PublishMode.REPLACE, 9, 9);
        faulty.failBefore(Operation.PUT, 1, Kind.OUTCOME_UNKNOWN);
        assertThat(put(PublishMode.CREATE_IF_ABSENT, 1, 2)).isInstanceOf(AlreadyExists.class);
        assertThat(content()).containsExactly(9, 9);
    }

    private PublishOutcome upload(PublishMode mode) {
        try (UploadSession session = store.beginUpload(KEY, PartLayout.fixed(4), UploadOptions.ofDefaults())) {
            PartReceipt part = session.putPart(1, ByteBuffer.wrap(new byte[] {1, 2, 3}));
            return session.complete(List.of(part), mode);
        }
    }

    @ParameterizedTest
    @EnumSource(PublishMode.class)
    void aCompletionWhoseAnswerWasLostIsFound(PublishMode mode) {
        faulty.failAfter(Operation.COMPLETE, 1, Kind.OUTCOME_UNKNOWN);
        assertThat(upload(mode)).isInstanceOf(Published.class);
        assertThat(faulty.calls(Operation.COMPLETE)).isEqualTo(1);
        assertThat(content()).containsExactly(1, 2, 3);
    }

    @ParameterizedTest
    @EnumSource(PublishMode.class)
    void aCompletionThatGotLostIsMadeAgain(PublishMode mode) {
        faulty.failBefore(Operation.COMPLETE, 1, Kind.OUTCOME_UNKNOWN);
        assertThat(upload(mode)).isInstanceOf(Published.class);
        assertThat(content()).containsExactly(1, 2, 3);
        assertThat(store.listUploads("", Optional.empty(), 10).items()).isEmpty();
    }
}
