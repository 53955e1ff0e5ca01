package io.stillframe.internal.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.internal.events.PhaseSpan;
import io.stillframe.model.RetryPolicy;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.Cancellation;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.store.FaultInjectingStore;
import io.stillframe.store.FaultInjectingStore.Operation;
import io.stillframe.store.MemoryObjectStore;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One image to several stores at once, the head last. */
class PartedUploadTest {
    private static final int PART = 64 << 10;
    private static final ObjectKey KEY = ObjectKey.of("object");

    private final ExecutorService senders = Executors.newFixedThreadPool(4);
    private final Retries retries = new Retries(new RetryPolicy(Duration.ofMillis(1), Duration.ofMillis(2), 4));
    private final List<String> left = new CopyOnWriteArrayList<>();
    private final MemoryObjectStore one = MemoryObjectStore.create();
    private final MemoryObjectStore two = MemoryObjectStore.create();

    @AfterEach
    void end() {
        senders.shutdownNow();
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "0, 1",
        "100, 0",
        "100, 1",
        "0, 65536",
        "100, 65436",
        "100, 65437",
        "65536, 0",
        "65536, 65536",
        "4096, 700000"
    })
    void theImageIsWholeInEveryStore(int head, int body) {
        byte[] image = new byte[head + body];
        new Random(head * 31L + body).nextBytes(image);
        try (UploadSession first = session(one);
                UploadSession second = session(two);
                PartBuffers buffers = new PartBuffers(PART, 4);
                PartedUpload upload = upload(buffers, first, second)) {
            write(upload, image, head);
            upload.awaitSent();
            upload.complete("1", PublishMode.CREATE_IF_ABSENT);
            upload.complete("2", PublishMode.CREATE_IF_ABSENT);
        }
        assertThat(content(one)).isEqualTo(image);
        assertThat(content(two)).isEqualTo(image);
    }

    @Test
    void aStoreThatFailsForGoodIsLeftBehind() {
        FaultInjectingStore failing = FaultInjectingStore.around(two);
        failing.failBefore(Operation.PUT_PART, 2, Kind.PERMANENT);
        byte[] image = new byte[10 * PART];
        try (UploadSession first = session(one);
                UploadSession second = failing.beginUpload(KEY, PartLayout.fixed(PART), UploadOptions.ofDefaults());
                PartBuffers buffers = new PartBuffers(PART, 4);
                PartedUpload upload = upload(buffers, first, second)) {
            write(upload, image, 100);
            upload.awaitSent();
            assertThat(upload.going()).containsExactly("1");
            upload.complete("1", PublishMode.CREATE_IF_ABSENT);
        }
        assertThat(content(one)).isEqualTo(image);
        assertThat(two.stat(KEY)).isEmpty();
        await().untilAsserted(() -> assertThat(left).containsExactly("2"));
    }

    @Test
    void aStoreThatHangsIsLeftBehindAndKeepsFewBuffers() {
        FaultInjectingStore hanging = FaultInjectingStore.around(two);
        FaultInjectingStore.Gate gate = hanging.block(Operation.PUT_PART);
        byte[] image = new byte[20 * PART];
        new Random(3).nextBytes(image);
        try (UploadSession first = session(one);
                UploadSession second = hanging.beginUpload(KEY, PartLayout.fixed(PART), UploadOptions.ofDefaults());
                PartBuffers buffers = new PartBuffers(PART, 4);
                PartedUpload upload = upload(Duration.ofMillis(20), buffers, first, second)) {
            write(upload, image, 100);
            upload.awaitSent();
            assertThat(upload.going()).containsExactly("1");
            upload.complete("1", PublishMode.CREATE_IF_ABSENT);
            assertThat(content(one)).isEqualTo(image);
            gate.open();
        }
    }

    @Test
    void theLastStoresFailureIsTheUploads() {
        FaultInjectingStore failing = FaultInjectingStore.around(one);
        failing.failAlways(Operation.PUT_PART, Kind.PERMANENT);
        FaultInjectingStore alsoFailing = FaultInjectingStore.around(two);
        alsoFailing.failAlways(Operation.PUT_PART, Kind.PERMANENT);
        byte[] image = new byte[10 * PART];
        try (UploadSession first = failing.beginUpload(KEY, PartLayout.fixed(PART), UploadOptions.ofDefaults());
                UploadSession second =
                        alsoFailing.beginUpload(KEY, PartLayout.fixed(PART), UploadOptions.ofDefaults());
                PartBuffers buffers = new PartBuffers(PART, 4);
                PartedUpload upload = upload(buffers, first, second)) {
            assertThatThrownBy(() -> {
                        write(upload, image, 100);
                        upload.awaitSent();
                    })
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.PERMANENT));
        }
        assertThat(one.stat(KEY)).isEmpty();
        assertThat(two.stat(KEY)).isEmpty();
    }

    @Test
    void aHeadThatIsLongerThanAPartIsRefused() {
        try (UploadSession first = session(one);
                PartBuffers buffers = new PartBuffers(PART, 3);
                PartedUpload upload = upload(buffers, first)) {
            assertThatThrownBy(() -> upload.begin(PART + 1))
                    .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.UNSUPPORTED));
        }
    }

    private PartedUpload upload(PartBuffers buffers, UploadSession... sessions) {
        return upload(Duration.ofMinutes(1), buffers, sessions);
    }

    /** @param patience with a store that is behind while others wait */
    private PartedUpload upload(Duration patience, PartBuffers buffers, UploadSession... sessions) {
        List<PartedUpload.Destination> to = new ArrayList<>();
        for (UploadSession session : sessions) {
            to.add(new PartedUpload.Destination(String.valueOf(to.size() + 1), session, senders));
        }
        PartedUpload.Terms terms =
                new PartedUpload.Terms(4, patience, name -> PhaseSpan.none(), (name, why) -> left.add(name));
        return new PartedUpload(to, buffers, retries, new Cancellation(), terms);
    }

    private static void write(PartedUpload upload, byte[] image, int head) {
        upload.begin(head);
        int step = 10_007;
        for (int at = head; at < image.length; at += step) {
            upload.body(ByteBuffer.wrap(image, at, Math.min(step, image.length - at)));
        }
        upload.head(ByteBuffer.wrap(image, 0, head));
    }

    private static UploadSession session(MemoryObjectStore store) {
        return store.beginUpload(KEY, PartLayout.fixed(PART), UploadOptions.ofDefaults());
    }

    private static byte[] content(MemoryObjectStore store) {
        try (ByteSource source = store.open(KEY)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) source.size());
            source.read(0, bytes);
            return bytes.array();
        }
    }
}
