package io.stillframe.storage.swift;

import static io.stillframe.spi.contract.Faults.failing;
import static io.stillframe.storage.swift.Uploads.KEY;
import static io.stillframe.storage.swift.Uploads.LAYOUT;
import static io.stillframe.storage.swift.Uploads.PART;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UploadOptions;
import io.stillframe.spi.UploadSession;
import io.stillframe.spi.contract.Bytes;
import io.stillframe.spi.contract.Crowd;
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
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of objects when the network fails at any request and in any phase of it: they are whole or absent. */
final class SwiftFaultTest {
    private static final byte[] CONTENT = Bytes.random(PART + 100, 1);
    private static final int MOST_REQUESTS = 25;

    private final SwiftLab lab = SwiftLab.open();
    private final TestContainer container = TestContainer.create(lab.tempAuth());
    private final FaultProxy proxy =
            FaultProxy.inFrontOf(lab.tempAuth().authUrl().getPort());
    private final SwiftObjectStore direct = SwiftObjectStore.builder(container.name())
            .credentials(lab.tempAuth())
            .build();

    /** TempAuth tells the address that it was asked at, which is the proxy's. */
    private final SwiftObjectStore faulty = SwiftObjectStore.builder(container.name())
            .credentials(lab.tempAuth(URI.create(proxy.uri() + "/auth/v1.0")))
            .stallTimeout(Duration.ofSeconds(1))
            .completionTimeout(Duration.ofSeconds(2))
            .build();

    @AfterEach
    void close() {
        proxy.close();
        faulty.close();
        direct.close();
        container.close();
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void anUploadCutAtAnyRequestLeavesTheObjectWholeOrAbsent(Point point) {
        requireWholeOrAbsent(point, Action.RESET);
        requireWholeOrAbsent(point, Action.CLOSE);
    }

    /** Each stall takes its time limit: {@code -Dstillframe.faults=all} for those at every point. */
    @ParameterizedTest
    @EnumSource(Point.class)
    void anUploadStalledAtAnyRequestLeavesTheObjectWholeOrAbsent(Point point) {
        assumeThat(point == Point.IN_BODY || point == Point.BEFORE_ANSWER || allFaults())
                .isTrue();
        requireWholeOrAbsent(point, Action.STALL);
    }

    private static boolean allFaults() {
        return "all".equals(System.getProperty("stillframe.faults"));
    }

    /** Hits request after request until an upload has fewer of them. */
    private void requireWholeOrAbsent(Point point, Action action) {
        boolean hit = true;
        for (int request = 1; hit; request++) {
            assertThat(request).isLessThan(MOST_REQUESTS);
            proxy.arm(Fault.at(request, point, action));
            Optional<SnapshotException> failure = tryUpload();
            hit = proxy.hits() > 0;
            List<String> seen = proxy.seen();
            proxy.disarm();
            String where = action + " " + point + " of request " + request + " of " + seen;
            failure.ifPresent(
                    e -> assertThat(e.kind()).as(where + ": " + e).isIn(Kind.TRANSIENT, Kind.OUTCOME_UNKNOWN));
            if (failure.isEmpty() || direct.stat(KEY).isPresent()) {
                assertThat(Uploads.read(direct)).as(where).isEqualTo(CONTENT);
            }
            direct.delete(List.of(KEY));
        }
        Uploads.sweep(direct);
        assertThat(container.objects()).isEmpty();
        assertThat(container.segments()).isEmpty();
    }

    private Optional<SnapshotException> tryUpload() {
        try {
            assertThat(Uploads.upload(faulty, CONTENT, PublishMode.CREATE_IF_ABSENT))
                    .isInstanceOf(PublishOutcome.Published.class);
            return Optional.empty();
        } catch (SnapshotException e) {
            return Optional.of(e);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BEFORE_REQUEST", "BEFORE_ANSWER"})
    void aDeletionCutAtAnyRequestLeavesTheObjectWholeOrAbsentAndIsSwept(Point point) {
        boolean hit = true;
        for (int request = 1; hit; request++) {
            Uploads.upload(direct, CONTENT, PublishMode.REPLACE);
            proxy.arm(Fault.at(request, point, Action.RESET));
            try {
                faulty.delete(List.of(KEY));
            } catch (SnapshotException e) {
                assertThat(e.kind()).isEqualTo(Kind.TRANSIENT);
            }
            hit = proxy.hits() > 0;
            proxy.disarm();
            if (direct.stat(KEY).isPresent()) {
                assertThat(Uploads.read(direct)).isEqualTo(CONTENT);
                direct.delete(List.of(KEY));
            }
            Uploads.sweep(direct);
            assertThat(container.segments()).as("request %s", request).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void whatIsListedIsAllOrAFault(Point point) {
        direct.put(KEY, ByteBuffer.allocate(1), PublishMode.REPLACE, UploadOptions.ofDefaults());
        try (UploadSession open = direct.beginUpload(KEY, LAYOUT, UploadOptions.ofDefaults())) {
            UploadSession same = faulty.resumeUpload(open.token());
            PartReceipt part = open.putPart(1, ByteBuffer.allocate(10));
            for (Action action : List.of(Action.RESET, Action.CLOSE)) {
                struck(
                                point,
                                action,
                                () -> faulty.list("", Optional.empty(), 10).items())
                        .ifPresent(found -> assertThat(found).hasSize(1));
                struck(
                                point,
                                action,
                                () -> faulty.listUploads("", Optional.empty(), 10)
                                        .items())
                        .ifPresent(found -> assertThat(found).hasSize(1));
                struck(point, action, same::arrived)
                        .ifPresent(found -> assertThat(found).containsExactly(part));
            }
            same.detach();
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
        byte[] content = Bytes.random(12 << 20, 12);
        proxy.slow(new Pace(Duration.ofMillis(50), 8 << 20));
        PartLayout whole = PartLayout.fixed(content.length);
        try (UploadSession session = faulty.beginUpload(KEY, whole, UploadOptions.ofDefaults())) {
            PartReceipt part = session.putPart(1, ByteBuffer.wrap(content));
            assertThat(session.bytesSent()).isEqualTo(content.length);
            session.complete(List.of(part), PublishMode.REPLACE);
        }
        assertThat(Uploads.read(faulty)).isEqualTo(content);
    }

    /** {@code -Dstillframe.faults=all} for more distances and for stalls. */
    @ParameterizedTest
    @EnumSource(Point.class)
    void withRetriesAFaultAtEveryKthRequestIsNotNoticed(Point point) {
        boolean all = allFaults();
        List<Action> actions = all ? List.of(Action.RESET, Action.CLOSE, Action.STALL) : List.of(Action.RESET);
        ObjectStore retrying = RetryingStore.around(faulty, StoreRetries.ofDefaults());
        // Not a multiple of three, as many requests as the first upload makes to create its container.
        for (int k : all ? new int[] {4, 5, 7} : new int[] {4}) {
            for (Action action : actions) {
                proxy.arm(Fault.at(1, point, action).againEvery(k));
                assertThat(Uploads.upload(retrying, CONTENT, PublishMode.CREATE_IF_ABSENT))
                        .as("%s %s every %s", action, point, k)
                        .isInstanceOf(PublishOutcome.Published.class);
                assertThat(Uploads.read(retrying)).isEqualTo(CONTENT);
                retrying.delete(List.of(KEY));
                assertThat(proxy.hits()).isGreaterThan(1);
                proxy.disarm();
                assertThat(container.objects()).isEmpty();
            }
        }
        Uploads.sweep(direct);
        assertThat(container.segments()).isEmpty();
    }

    @Test
    void memoryAndThreadsReturnToTheirBaseline() {
        byte[] content = Bytes.random(4 << 20, 4);
        strikeAtAllPoints(content);
        long heap = heap();
        long directMemory = directMemory();
        long threads = threads();
        for (int round = 0; round < 3; round++) {
            strikeAtAllPoints(content);
        }
        Awaitility.await().untilAsserted(() -> {
            assertThat(heap()).isLessThan(heap + content.length);
            assertThat(directMemory()).isLessThan(directMemory + content.length);
            // Idle ones are kept for a while; one for each fault would be more.
            assertThat(threads()).isLessThan(threads + Point.values().length);
        });
        Uploads.sweep(direct);
    }

    private void strikeAtAllPoints(byte[] content) {
        for (Point point : Point.values()) {
            for (Action action : List.of(Action.RESET, Action.CLOSE)) {
                try (UploadSession session =
                        faulty.beginUpload(KEY, PartLayout.fixed(content.length), UploadOptions.ofDefaults())) {
                    proxy.arm(Fault.at(1, point, action));
                    failing(() -> session.putPart(1, ByteBuffer.wrap(content)), Kind.TRANSIENT);
                    proxy.disarm();
                }
            }
        }
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("stillframe-swift"))
                .count();
    }

    private static long heap() {
        System.gc();
        MemoryUsage usage = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        return usage.getUsed();
    }

    private static long directMemory() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    @Test
    void aLostAnswerToAPublicationIsResolvedByLooking() {
        proxy.arm(
                Fault.at(1, Point.BEFORE_ANSWER, Action.RESET).among(line -> line.contains("multipart-manifest=put")));
        assertThat(Uploads.upload(faulty, CONTENT, PublishMode.CREATE_IF_ABSENT))
                .isInstanceOf(PublishOutcome.Published.class);
        assertThat(proxy.hits()).isEqualTo(1);
        assertThat(Uploads.read(direct)).isEqualTo(CONTENT);
        direct.delete(List.of(KEY));
        proxy.arm(Fault.at(1, Point.BEFORE_ANSWER, Action.RESET).among(line -> line.startsWith("PUT")));
        assertThat(faulty.put(KEY, ByteBuffer.wrap(CONTENT), PublishMode.CREATE_IF_ABSENT, UploadOptions.ofDefaults()))
                .isInstanceOf(PublishOutcome.Published.class);
        assertThat(proxy.hits()).isEqualTo(1);
    }

    @Test
    void aCompletionThatNobodyAnswersIsOfUnknownOutcomeAndLeftAlone() {
        UploadSession session = faulty.beginUpload(KEY, LAYOUT, UploadOptions.ofDefaults());
        List<PartReceipt> parts = Uploads.send(session, CONTENT);
        proxy.arm(Fault.at(1, Point.BEFORE_REQUEST, Action.RESET).fromThenOn());
        failing(() -> session.complete(parts, PublishMode.CREATE_IF_ABSENT), Kind.OUTCOME_UNKNOWN);
        proxy.disarm();
        session.close();
        assertThat(direct.stat(KEY)).isEmpty();
        try (UploadSession again = direct.resumeUpload(session.token())) {
            assertThat(again.complete(parts, PublishMode.CREATE_IF_ABSENT))
                    .isInstanceOf(PublishOutcome.Published.class);
        }
        assertThat(Uploads.read(direct)).isEqualTo(CONTENT);
    }

    @Test
    void aRefusedTokenInTheMiddleOfParallelPartsIsRenewedOnce() {
        byte[] content = Bytes.random(16 * PART, 16);
        try (UploadSession session = faulty.beginUpload(KEY, LAYOUT, UploadOptions.ofDefaults())) {
            proxy.arm(Fault.answer(7, "401 Unauthorized").among(line -> line.contains("/segments/")));
            List<PartReceipt> parts = new ArrayList<>();
            Crowd.together(4, i -> {
                        List<PartReceipt> mine = new ArrayList<>();
                        for (int number = i + 1; number <= 16; number += 4) {
                            mine.add(session.putPart(number, ByteBuffer.wrap(content, (number - 1) * PART, PART)));
                        }
                        return mine;
                    })
                    .forEach(parts::addAll);
            parts.sort(java.util.Comparator.comparingInt(PartReceipt::number));
            assertThat(proxy.hits()).isEqualTo(1);
            assertThat(proxy.seen()).filteredOn(line -> line.contains("/auth/")).hasSize(1);
            session.complete(parts, PublishMode.REPLACE);
        }
        assertThat(Uploads.read(direct)).isEqualTo(content);
    }

    @Test
    void aTokenThatIsRefusedAgainIsRefused() {
        proxy.arm(Fault.answer(1, "401 Unauthorized").fromThenOn().among(line -> !line.contains("/auth/")));
        failing(() -> faulty.stat(KEY), Kind.PERMANENT);
        assertThat(proxy.seen()).hasSize(3);
    }

    @Test
    void statusesMeanWhatTheyShould() {
        for (String status : List.of("503 Slow Down", "429 Too Many Requests", "498 Rate Limited")) {
            proxy.arm(Fault.answer(1, status, "Retry-After: 7"));
            SnapshotException failure = failing(() -> faulty.list("", Optional.empty(), 10), Kind.THROTTLED);
            assertThat(failure.retryAfter()).contains(Duration.ofSeconds(7));
        }
        for (String status : List.of("500 Error", "502 Bad Gateway", "503 Unavailable", "504 Timeout", "408 Timeout")) {
            proxy.arm(Fault.answer(1, status));
            failing(() -> faulty.list("", Optional.empty(), 10), Kind.TRANSIENT);
        }
        for (String status : List.of("403 Forbidden", "507 Insufficient Storage", "501 Not Implemented", "400 Bad")) {
            proxy.arm(Fault.answer(1, status));
            failing(() -> faulty.list("", Optional.empty(), 10), Kind.PERMANENT);
        }
    }

    @ParameterizedTest
    @EnumSource(Action.class)
    void aReadThatBreaksIsTransientAndLeavesTheSourceUsable(Action action) {
        Uploads.upload(direct, CONTENT, PublishMode.REPLACE);
        ByteSource source = faulty.open(KEY);
        for (Point point : List.of(Point.BEFORE_REQUEST, Point.IN_ANSWER)) {
            proxy.arm(
                    action == Action.ANSWER
                            ? Fault.answer(1, "502 Bad Gateway")
                            : Fault.at(1, point, action).fromThenOn());
            ByteBuffer target = ByteBuffer.allocate(CONTENT.length);
            failing(() -> source.read(0, target), Kind.TRANSIENT);
            assertThat(target.position()).isZero();
            proxy.disarm();
        }
        assertThat(Bytes.readAll(source)).isEqualTo(CONTENT);
        source.close();
    }
}
