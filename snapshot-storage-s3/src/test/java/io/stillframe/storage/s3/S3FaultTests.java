package io.stillframe.storage.s3;

import static io.stillframe.storage.s3.S3StoreTests.KEY;
import static io.stillframe.storage.s3.S3StoreTests.PART;
import static io.stillframe.storage.s3.S3StoreTests.failureOf;
import static io.stillframe.storage.s3.S3StoreTests.kindOf;
import static io.stillframe.storage.s3.S3StoreTests.options;
import static io.stillframe.storage.s3.S3StoreTests.random;
import static io.stillframe.storage.s3.S3StoreTests.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.netty.buffer.PooledByteBufAllocator;
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
import io.stillframe.spi.UploadSession;
import io.stillframe.store.RetryingStore;
import io.stillframe.store.StoreRetries;
import io.stillframe.testing.Fault;
import io.stillframe.testing.Fault.Action;
import io.stillframe.testing.Fault.Point;
import io.stillframe.testing.FaultProxy;
import io.stillframe.testing.Pace;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of objects when the network fails at any request and in any phase of it: they are whole or absent. */
abstract class S3FaultTests {
    private static final byte[] CONTENT = random(PART + 1000);
    private static final int MOST_REQUESTS = 20;

    /** Less than one part. */
    private static final long TOLERANCE = 4 << 20;

    private String bucket;
    private FaultProxy proxy;
    private S3ObjectStore direct;
    private S3ObjectStore faulty;

    abstract S3Server server();

    abstract Set<StoreCapability> features();

    @BeforeEach
    void open() {
        bucket = server().newBucket();
        proxy = FaultProxy.inFrontOf(server().endpoint().getPort());
        direct = server().store(bucket).features(features()).build();
        faulty = impatient().build();
    }

    private S3ObjectStoreBuilder impatient() {
        return server().store(bucket, proxy.uri())
                .features(features())
                .stallTimeout(Duration.ofSeconds(1))
                .requestTimeout(Duration.ofSeconds(3))
                .completionTimeout(Duration.ofSeconds(2));
    }

    @AfterEach
    void close() {
        proxy.close();
        faulty.close();
        direct.close();
        server().remove(bucket);
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void anUploadCutAtAnyRequestLeavesTheObjectWholeOrAbsent(Point point) {
        for (Action action : List.of(Action.RESET, Action.CLOSE)) {
            requireWholeOrAbsent(point, action);
        }
    }

    /** Each stall takes its time limit: {@code -Dstillframe.faults=all} for those at every point. */
    @ParameterizedTest
    @EnumSource(Point.class)
    void anUploadStalledAtAnyRequestLeavesTheObjectWholeOrAbsent(Point point) {
        assumeThat(point == Point.IN_BODY || "all".equals(System.getProperty("stillframe.faults")))
                .isTrue();
        requireWholeOrAbsent(point, Action.STALL);
    }

    /** Hits request after request until an upload has fewer of them. */
    private void requireWholeOrAbsent(Point point, Action action) {
        int request = 1;
        boolean hit = true;
        while (hit) {
            assertThat(request).isLessThan(MOST_REQUESTS);
            proxy.arm(Fault.at(request, point, action));
            Optional<SnapshotException> failure = tryUpload();
            hit = proxy.hits() > 0;
            List<String> seen = proxy.seen();
            proxy.disarm();
            String where = action + " " + point + " of request " + request + " of " + seen;
            failure.ifPresent(e -> assertThat(e.kind()).as(where).isIn(Kind.TRANSIENT, Kind.OUTCOME_UNKNOWN));
            if (failure.isEmpty() || direct.stat(KEY).isPresent()) {
                assertThat(read(direct, KEY)).as(where).isEqualTo(CONTENT);
            }
            direct.delete(List.of(KEY));
            request++;
        }
        sweep();
        assertThat(S3StoreTests.uploadOf(faulty, KEY, CONTENT)).isInstanceOf(PublishOutcome.Published.class);
    }

    private Optional<SnapshotException> tryUpload() {
        try {
            PublishOutcome outcome = S3StoreTests.uploadOf(faulty, KEY, CONTENT);
            assertThat(outcome).isInstanceOf(PublishOutcome.Published.class);
            return Optional.empty();
        } catch (SnapshotException e) {
            return Optional.of(e);
        }
    }

    private void sweep() {
        direct.listUploads("", Optional.empty(), 1000)
                .items()
                .forEach(upload -> direct.resumeUpload(upload.token()).close());
        assertThat(direct.listUploads("", Optional.empty(), 1000).items()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void whatIsListedAndRemovedIsAllOrAFault(Point point) {
        ObjectKey other = ObjectKey.of("some/other");
        for (Action action : List.of(Action.RESET, Action.CLOSE)) {
            for (ObjectKey key : List.of(KEY, other)) {
                direct.put(key, ByteBuffer.allocate(1), PublishMode.REPLACE, options());
            }
            try (UploadSession open = direct.beginUpload(KEY, PartLayout.fixed(PART), options());
                    UploadSession same = faulty.resumeUpload(open.token())) {
                PartReceipt part = open.putPart(1, ByteBuffer.allocate(10));
                struck(
                                point,
                                action,
                                () -> faulty.list("", Optional.empty(), 10).items())
                        .ifPresent(found -> assertThat(found).hasSize(2));
                struck(
                                point,
                                action,
                                () -> faulty.listUploads("", Optional.empty(), 10)
                                        .items())
                        .ifPresent(found -> assertThat(found).hasSize(1));
                struck(point, action, same::arrived)
                        .ifPresent(found -> assertThat(found).containsExactly(part));
                same.detach();
            }
            struck(point, action, () -> {
                        faulty.delete(List.of(KEY, other));
                        return direct.list("", Optional.empty(), 10).items();
                    })
                    .ifPresent(left -> assertThat(left).isEmpty());
            faulty.delete(List.of(KEY, other));
            assertThat(direct.list("", Optional.empty(), 10).items()).isEmpty();
        }
    }

    /** What a call returns although its first request is hit; empty if it fails as it should. */
    private <T> Optional<T> struck(Point point, Action action, Supplier<T> call) {
        proxy.arm(Fault.at(1, point, action));
        try {
            return Optional.of(call.get());
        } catch (SnapshotException e) {
            assertThat(e.kind()).as("%s %s: %s", action, point, e).isEqualTo(Kind.TRANSIENT);
            return Optional.empty();
        } finally {
            proxy.disarm();
        }
    }

    /** A part takes longer than the stall timeout, but its bytes move. */
    @Test
    void aSlowNetworkIsNoFault() {
        byte[] content = random(12 << 20);
        proxy.slow(new Pace(Duration.ofMillis(50), 8 << 20));
        try (UploadSession session = faulty.beginUpload(KEY, PartLayout.fixed(content.length), options())) {
            PartReceipt part = session.putPart(1, ByteBuffer.wrap(content));
            session.complete(List.of(part), PublishMode.REPLACE);
        }
        assertThat(read(faulty, KEY)).isEqualTo(content);
    }

    /** {@code -Dstillframe.faults=all} for more distances and for stalls. */
    @ParameterizedTest
    @EnumSource(Point.class)
    void withRetriesAFaultAtEveryKthRequestIsNotNoticed(Point point) {
        boolean all = "all".equals(System.getProperty("stillframe.faults"));
        List<Action> actions = all ? List.of(Action.RESET, Action.CLOSE, Action.STALL) : List.of(Action.RESET);
        ObjectStore retrying = RetryingStore.around(faulty, StoreRetries.ofDefaults());
        // Not a multiple of three, as many requests as a completion of unknown outcome makes again and again.
        for (int k : all ? new int[] {4, 5, 7} : new int[] {4}) {
            for (Action action : actions) {
                proxy.arm(Fault.at(1, point, action).againEvery(k));
                assertThat(S3StoreTests.uploadOf(retrying, KEY, CONTENT))
                        .as("%s %s every %s", action, point, k)
                        .isInstanceOf(PublishOutcome.Published.class);
                assertThat(read(retrying, KEY)).isEqualTo(CONTENT);
                retrying.delete(List.of(KEY));
                assertThat(retrying.list("", Optional.empty(), 10).items()).isEmpty();
                assertThat(proxy.hits()).isGreaterThan(1);
                proxy.disarm();
            }
        }
    }

    @Test
    void memoryAndThreadsReturnToTheirBaseline() {
        strikeAtAllPoints();
        long heap = heap();
        long direct = direct();
        List<Thread> threads = threads();
        for (int round = 0; round < 3; round++) {
            strikeAtAllPoints();
        }
        Awaitility.await().untilAsserted(() -> {
            assertThat(heap()).isLessThan(heap + TOLERANCE);
            assertThat(direct()).isLessThan(direct + TOLERANCE);
            assertThat(threads()).hasSizeLessThanOrEqualTo(threads.size());
        });
    }

    /** An upload may also fail earlier, by a connection that the one before has left broken. */
    private void strikeAtAllPoints() {
        int hits = 0;
        for (Point point : Point.values()) {
            for (Action action : List.of(Action.RESET, Action.CLOSE)) {
                proxy.arm(Fault.at(2, point, action));
                Optional<SnapshotException> unused = tryUpload();
                hits += proxy.hits();
                proxy.disarm();
                direct.delete(List.of(KEY));
            }
        }
        assertThat(hits).isGreaterThan(Point.values().length);
        sweep();
    }

    private static long heap() {
        System.gc();
        MemoryUsage usage = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        return usage.getUsed();
    }

    /** The JDK's and netty's. */
    private static long direct() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                        .mapToLong(BufferPoolMXBean::getMemoryUsed)
                        .sum()
                + PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
    }

    @Test
    void aLostAnswerToACompletionIsResolvedByLooking() {
        proxy.arm(Fault.at(1, Point.BEFORE_ANSWER, Action.RESET).among(S3FaultTests::isCompletion));
        assertThat(S3StoreTests.uploadOf(faulty, KEY, CONTENT)).isInstanceOf(PublishOutcome.Published.class);
        assertThat(proxy.hits()).isEqualTo(1);
        assertThat(read(direct, KEY)).isEqualTo(CONTENT);
    }

    @Test
    void aLostAnswerToACreationIsResolvedByLooking() {
        proxy.arm(Fault.at(1, Point.BEFORE_ANSWER, Action.RESET).among(line -> line.startsWith("PUT")));
        assertThat(S3StoreTests.put(faulty, 1)).isInstanceOf(PublishOutcome.Published.class);
        assertThat(proxy.hits()).isEqualTo(1);
        assertThat(S3StoreTests.put(faulty, 2)).isInstanceOf(PublishOutcome.AlreadyExists.class);
        assertThat(read(direct, KEY)).containsExactly(1);
    }

    @Test
    void aCompletionThatNobodyAnswersIsOfUnknownOutcomeAndLeftAlone() {
        UploadSession session = faulty.beginUpload(KEY, PartLayout.fixed(PART), options());
        PartReceipt part = session.putPart(1, ByteBuffer.wrap(CONTENT, 0, 10));
        proxy.arm(Fault.at(1, Point.BEFORE_REQUEST, Action.RESET).fromThenOn());
        assertThat(kindOf(() -> session.complete(List.of(part), PublishMode.REPLACE)))
                .isEqualTo(Kind.OUTCOME_UNKNOWN);
        proxy.disarm();
        session.close();
        assertThat(direct.stat(KEY)).isEmpty();
        try (UploadSession again = direct.resumeUpload(session.token())) {
            assertThat(again.complete(List.of(part), PublishMode.REPLACE)).isInstanceOf(PublishOutcome.Published.class);
        }
    }

    @Test
    void slowDownCarriesTheServersWish() {
        for (String status : List.of("503 Slow Down", "429 Too Many Requests")) {
            proxy.arm(Fault.answer(1, status, "Retry-After: 7"));
            SnapshotException failure = failureOf(() -> faulty.list("", Optional.empty(), 10));
            assertThat(failure.kind()).isEqualTo(Kind.THROTTLED);
            assertThat(failure.retryable()).isTrue();
            assertThat(failure.retryAfter()).contains(Duration.ofSeconds(7));
        }
    }

    @Test
    void statusesMeanWhatTheyShould() {
        for (var expected : List.of(
                java.util.Map.entry("500 Internal Server Error", Kind.TRANSIENT),
                java.util.Map.entry("502 Bad Gateway", Kind.TRANSIENT),
                java.util.Map.entry("504 Gateway Timeout", Kind.TRANSIENT),
                java.util.Map.entry("501 Not Implemented", Kind.PERMANENT),
                java.util.Map.entry("507 Insufficient Storage", Kind.PERMANENT),
                java.util.Map.entry("400 Bad Request", Kind.PERMANENT),
                java.util.Map.entry("403 Forbidden", Kind.PERMANENT))) {
            proxy.arm(Fault.answer(1, expected.getKey()));
            SnapshotException failure = failureOf(() -> faulty.list("", Optional.empty(), 10));
            assertThat(failure).extracting("kind").isEqualTo(expected.getValue());
            assertThat(failure).hasMessageContaining(expected.getKey().substring(0, 3));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Action.class,
            names = {"RESET", "CLOSE", "STALL"})
    void aBrokenReadLeavesTheBufferToBeReadAgain(Action action) {
        S3StoreTests.uploadOf(direct, KEY, CONTENT);
        try (ByteSource source = faulty.open(KEY)) {
            ByteBuffer target = ByteBuffer.allocateDirect(CONTENT.length);
            proxy.arm(Fault.at(1, Point.IN_ANSWER, action));
            assertThat(kindOf(() -> source.read(0, target))).isEqualTo(Kind.TRANSIENT);
            assertThat(target.position()).isZero();
            proxy.disarm();
            source.read(0, target);
            byte[] got = new byte[CONTENT.length];
            target.flip().get(got);
            assertThat(got).isEqualTo(CONTENT);
        }
    }

    @Test
    void anInterruptEndsAStalledPart() throws InterruptedException {
        try (S3ObjectStore patient =
                        impatient().stallTimeout(Duration.ofMinutes(10)).build();
                UploadSession session = patient.beginUpload(KEY, PartLayout.fixed(PART), options())) {
            proxy.arm(Fault.at(1, Point.IN_BODY, Action.STALL));
            CompletableFuture<Kind> kind = new CompletableFuture<>();
            AtomicBoolean kept = new AtomicBoolean();
            Thread sender = new Thread(() -> {
                kind.complete(kindOf(() -> session.putPart(1, ByteBuffer.wrap(CONTENT, 0, PART))));
                kept.set(Thread.currentThread().isInterrupted());
            });
            sender.start();
            Awaitility.await().until(() -> proxy.hits() == 1);
            sender.interrupt();
            sender.join();
            assertThat(kind).isCompletedWithValue(Kind.CANCELLED);
            assertThat(kept).isTrue();
            proxy.disarm();
        }
    }

    @Test
    void threadsEndWithTheStoreAfterFaultsToo() {
        List<Thread> before = threads();
        try (S3ObjectStore other = impatient().build()) {
            for (Action action : List.of(Action.RESET, Action.STALL, Action.CLOSE)) {
                proxy.arm(Fault.at(2, Point.IN_BODY, action));
                assertThat(kindOf(() -> S3StoreTests.uploadOf(other, KEY, CONTENT)))
                        .isEqualTo(Kind.TRANSIENT);
                proxy.disarm();
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
    private static List<Thread> threads() {
        List<Thread> found = new ArrayList<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            String name = thread.getName();
            if (name.startsWith("stillframe-s3") || name.startsWith("sdk-") || name.startsWith("aws-java-sdk")) {
                found.add(thread);
            }
        }
        return found;
    }

    private static boolean isCompletion(String line) {
        return line.startsWith("POST") && line.contains("uploadId=");
    }
}
