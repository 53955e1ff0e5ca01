package io.stillframe.storage.s3;

import static io.stillframe.storage.s3.S3StoreTests.PART;
import static io.stillframe.storage.s3.S3StoreTests.kindOf;
import static io.stillframe.storage.s3.S3StoreTests.options;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.PooledByteBufAllocator;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.StoreCapability;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.contract.NetworkFaultContract;
import io.stillframe.testing.Fault;
import io.stillframe.testing.Fault.Action;
import io.stillframe.testing.Fault.Point;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract over networks that fail, and what is S3's own of it. */
abstract class S3FaultTests extends NetworkFaultContract {
    private String bucket;

    abstract S3Server server();

    abstract Set<StoreCapability> features();

    @Override
    protected final void makePlace() {
        bucket = server().newBucket();
    }

    @Override
    protected final void removePlace() {
        server().remove(bucket);
    }

    @Override
    protected final int port() {
        return server().endpoint().getPort();
    }

    @Override
    protected final ObjectStore openDirect() {
        return server().store(bucket).features(features()).build();
    }

    @Override
    protected final ObjectStore openThrough(URI address) {
        return impatient(address).build();
    }

    private S3ObjectStoreBuilder impatient(URI address) {
        return server().store(bucket, address)
                .features(features())
                .stallTimeout(Duration.ofSeconds(1))
                .requestTimeout(Duration.ofSeconds(3))
                .completionTimeout(Duration.ofSeconds(2));
    }

    @Override
    protected final int partSize() {
        return PART;
    }

    @Override
    protected final boolean isCompletion(String line) {
        return line.startsWith("POST") && line.contains("uploadId=");
    }

    @Override
    protected final boolean isOwnThread(String name) {
        return name.startsWith("stillframe-s3") || name.startsWith("sdk-") || name.startsWith("aws-java-sdk");
    }

    /** The JDK's and netty's. */
    @Override
    protected final long directMemory() {
        return super.directMemory() + PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
    }

    @Override
    protected final void requireNothingLeft() {
        assertThat(server().client().listObjectsV2(r -> r.bucket(bucket)).join().contents())
                .isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void whatIsListedAndRemovedIsAllOrAFault(Point point) {
        ObjectKey other = ObjectKey.of("some/other");
        for (Action action : List.of(Action.RESET, Action.CLOSE)) {
            for (ObjectKey key : List.of(KEY, other)) {
                direct().put(key, ByteBuffer.allocate(1), PublishMode.REPLACE, options());
            }
            try (UploadSession open = direct().beginUpload(KEY, PartLayout.fixed(PART), options());
                    UploadSession same = faulty().resumeUpload(open.token())) {
                PartReceipt part = open.putPart(1, ByteBuffer.allocate(10));
                struck(
                                point,
                                action,
                                () -> faulty().list("", Optional.empty(), 10).items())
                        .ifPresent(found -> assertThat(found).hasSize(2));
                struck(
                                point,
                                action,
                                () -> faulty().listUploads("", Optional.empty(), 10)
                                        .items())
                        .ifPresent(found -> assertThat(found).hasSize(1));
                struck(point, action, same::arrived)
                        .ifPresent(found -> assertThat(found).containsExactly(part));
                same.detach();
            }
            struck(point, action, () -> {
                        faulty().delete(List.of(KEY, other));
                        return direct().list("", Optional.empty(), 10).items();
                    })
                    .ifPresent(left -> assertThat(left).isEmpty());
            faulty().delete(List.of(KEY, other));
            assertThat(direct().list("", Optional.empty(), 10).items()).isEmpty();
        }
    }

    @Test
    void anInterruptEndsAStalledPart() {
        try (S3ObjectStore patient = impatient(proxy().uri())
                        .stallTimeout(Duration.ofMinutes(10))
                        .build();
                UploadSession session = patient.beginUpload(KEY, PartLayout.fixed(PART), options())) {
            proxy().arm(Fault.at(1, Point.IN_BODY, Action.STALL));
            CompletableFuture<Kind> kind = new CompletableFuture<>();
            AtomicBoolean kept = new AtomicBoolean();
            Thread sender = new Thread(() -> {
                kind.complete(kindOf(() -> session.putPart(1, ByteBuffer.wrap(content(), 0, PART))));
                kept.set(Thread.currentThread().isInterrupted());
            });
            sender.start();
            Awaitility.await().until(() -> proxy().hits() == 1);
            sender.interrupt();
            Awaitility.await().until(() -> !sender.isAlive());
            assertThat(kind).isCompletedWithValue(Kind.CANCELLED);
            assertThat(kept).isTrue();
            proxy().disarm();
        }
    }

    @Test
    void threadsEndWithTheStoreAfterFaultsToo() {
        List<Thread> before = threads();
        try (S3ObjectStore other = impatient(proxy().uri()).build()) {
            for (Action action : List.of(Action.RESET, Action.STALL, Action.CLOSE)) {
                proxy().arm(Fault.at(2, Point.IN_BODY, action));
                assertThat(kindOf(() -> upload(other, content(), PART))).isEqualTo(Kind.TRANSIENT);
                proxy().disarm();
            }
        }
        Awaitility.await().untilAsserted(() -> {
            List<Thread> left = threads();
            left.removeAll(before);
            assertThat(left).isEmpty();
        });
        sweep();
    }

    /** Those of the store and of its client. */
    private List<Thread> threads() {
        List<Thread> found = new ArrayList<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            String name = thread.getName();
            if (isOwnThread(name)) {
                found.add(thread);
            }
        }
        return found;
    }
}
