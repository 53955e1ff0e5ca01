package io.stillframe.spi.contract;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.ByteSource;
import io.stillframe.spi.ObjectKey;
import io.stillframe.spi.ObjectStore;
import io.stillframe.spi.PartLayout;
import io.stillframe.spi.PartReceipt;
import io.stillframe.spi.PublishMode;
import io.stillframe.spi.PublishOutcome;
import io.stillframe.spi.UnfinishedUpload;
import io.stillframe.spi.UploadOptions;
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
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What every store that is reached by HTTP keeps to when the network fails at any request and in any phase of it: objects are whole or
 * absent, what is lost is told from what may be tried again, and nothing stays behind. With {@code -Dstillframe.faults=all} it stalls at
 * every point, too, which takes a time limit each.
 */
public abstract class NetworkFaultContract {
    protected static final ObjectKey KEY = ObjectKey.of("disks/ü 1.raw");
    private static final List<Action> CUTS = List.of(Action.RESET, Action.CLOSE);
    private static final boolean ALL = "all".equals(System.getProperty("stillframe.faults"));
    private static final int MOST_REQUESTS = 25;
    private static final int LARGE = 4 << 20;

    private FaultProxy proxy;
    private ObjectStore direct;
    private ObjectStore faulty;
    private byte[] content;

    /** Makes an empty bucket or container for the next test. */
    protected abstract void makePlace();

    /** Removes it with all that is in it. */
    protected abstract void removePlace();

    /** Where the server listens on this host, speaking plain HTTP/1.1. */
    protected abstract int port();

    /** Opens the store at the server itself. */
    protected abstract ObjectStore openDirect();

    /** Opens it at the proxy, with a time limit of a second or so for a stall and of two for finding out what became of a completion. */
    protected abstract ObjectStore openThrough(URI address);

    /** Bytes of a part, the least that the server takes. */
    protected abstract int partSize();

    /** Whether the line of a request says that it makes one object of an upload's parts. */
    protected abstract boolean isCompletion(String line);

    /** Whether a thread of that name is the store's or its client's. */
    protected abstract boolean isOwnThread(String name);

    /** Fails if the server has anything of an object that was removed, as seen without the store. */
    protected abstract void requireNothingLeft();

    /** Where each build stalls, beside cutting connections. */
    protected Set<Point> stalls() {
        return Set.of(Point.IN_BODY);
    }

    /** Bytes outside the heap that are in use, the client's own pools included. */
    protected long directMemory() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    @BeforeEach
    final void openBoth() {
        makePlace();
        proxy = FaultProxy.inFrontOf(port());
        direct = openDirect();
        faulty = openThrough(proxy.uri());
        content = Bytes.random(partSize() + 100, 1);
    }

    @AfterEach
    final void closeBoth() {
        proxy.close();
        faulty.close();
        direct.close();
        removePlace();
    }

    /** Stands between {@link #faulty} and the server. */
    protected final FaultProxy proxy() {
        return proxy;
    }

    /** The store without damage. */
    protected final ObjectStore direct() {
        return direct;
    }

    /** The store behind the proxy. */
    protected final ObjectStore faulty() {
        return faulty;
    }

    /** Two parts, the second one short. */
    protected final byte[] content() {
        return content.clone();
    }

    /** Uploads in parts what may not be there yet. */
    protected final PublishOutcome upload(ObjectStore store, byte[] bytes, int partSize) {
        PartLayout layout = PartLayout.fixed(partSize);
        try (UploadSession session = store.beginUpload(KEY, layout, UploadOptions.ofDefaults())) {
            List<PartReceipt> parts = ObjectStoreFixture.sendAll(session, layout, bytes);
            return session.complete(parts, PublishMode.CREATE_IF_ABSENT);
        }
    }

    private PublishOutcome upload(ObjectStore store) {
        return upload(store, content, partSize());
    }

    /** What went wrong with an upload that needs not work. */
    protected final Optional<SnapshotException> tryUpload(ObjectStore store, byte[] bytes, int partSize) {
        try {
            assertThat(upload(store, bytes, partSize)).isInstanceOf(PublishOutcome.Published.class);
            return Optional.empty();
        } catch (SnapshotException e) {
            return Optional.of(e);
        }
    }

    protected static byte[] read(ObjectStore store) {
        try (ByteSource source = store.open(KEY)) {
            return Bytes.readAll(source);
        }
    }

    /** Removes all unfinished uploads, as the engine's sweep does. */
    protected final void sweep() {
        for (UnfinishedUpload upload :
                direct.listUploads("", Optional.empty(), 1000).items()) {
            try {
                direct.resumeUpload(upload.token()).close();
            } catch (SnapshotException e) {
                assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND);
            }
        }
        assertThat(direct.listUploads("", Optional.empty(), 1000).items()).isEmpty();
    }

    /** What a call returns although its first request is hit; empty if it fails as it should. */
    protected final <T> Optional<T> struck(Point point, Action action, Supplier<T> call) {
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

    @ParameterizedTest
    @EnumSource(Point.class)
    void anUploadCutAtAnyRequestLeavesTheObjectWholeOrAbsent(Point point) {
        CUTS.forEach(action -> requireWholeOrAbsent(point, action));
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void anUploadStalledAtAnyRequestLeavesTheObjectWholeOrAbsent(Point point) {
        assumeThat(ALL || stalls().contains(point)).isTrue();
        requireWholeOrAbsent(point, Action.STALL);
    }

    /** Hits request after request until an upload has fewer of them. */
    private void requireWholeOrAbsent(Point point, Action action) {
        boolean hit = true;
        for (int request = 1; hit; request++) {
            assertThat(request).isLessThan(MOST_REQUESTS);
            proxy.arm(Fault.at(request, point, action));
            Optional<SnapshotException> failure = tryUpload(faulty, content, partSize());
            hit = proxy.hits() > 0;
            String where = action + " " + point + " of request " + request + " of " + proxy.seen();
            proxy.disarm();
            failure.ifPresent(
                    e -> assertThat(e.kind()).as(where + ": " + e).isIn(Kind.TRANSIENT, Kind.OUTCOME_UNKNOWN));
            if (failure.isEmpty() || direct.stat(KEY).isPresent()) {
                assertThat(read(direct)).as(where).isEqualTo(content);
            }
            direct.delete(List.of(KEY));
        }
        sweep();
        requireNothingLeft();
        assertThat(upload(faulty)).isInstanceOf(PublishOutcome.Published.class);
    }

    /** A part takes longer than the stall timeout, but its bytes move. */
    @Test
    void aSlowNetworkIsNoFault() {
        byte[] large = Bytes.random(3 * LARGE, 12);
        proxy.slow(new Pace(Duration.ofMillis(50), 2 * LARGE));
        try (UploadSession session =
                faulty.beginUpload(KEY, PartLayout.fixed(large.length), UploadOptions.ofDefaults())) {
            PartReceipt part = session.putPart(1, ByteBuffer.wrap(large));
            assertThat(session.bytesSent()).isEqualTo(large.length);
            session.complete(List.of(part), PublishMode.REPLACE);
        }
        assertThat(read(faulty)).isEqualTo(large);
    }

    @ParameterizedTest
    @EnumSource(Point.class)
    void withRetriesAFaultAtEveryKthRequestIsNotNoticed(Point point) {
        ObjectStore retrying = RetryingStore.around(faulty, StoreRetries.ofDefaults());
        // Not a multiple of three: as many requests belong together where a completion's outcome or a new container is
        // looked for.
        for (int k : ALL ? new int[] {4, 5, 7} : new int[] {4}) {
            for (Action action : ALL ? List.of(Action.RESET, Action.CLOSE, Action.STALL) : List.of(Action.RESET)) {
                proxy.arm(Fault.at(1, point, action).againEvery(k));
                assertThat(upload(retrying))
                        .as("%s %s every %s", action, point, k)
                        .isInstanceOf(PublishOutcome.Published.class);
                assertThat(read(retrying)).isEqualTo(content);
                retrying.delete(List.of(KEY));
                assertThat(retrying.list("", Optional.empty(), 10).items()).isEmpty();
                assertThat(proxy.hits()).isGreaterThan(1);
                proxy.disarm();
            }
        }
        sweep();
        requireNothingLeft();
    }

    @Test
    void memoryAndThreadsReturnToTheirBaseline() {
        byte[] large = Bytes.random(LARGE, 4);
        strikeAtAllPoints(large);
        long heap = heap();
        long direct = directMemory();
        long threads = threads();
        for (int round = 0; round < 3; round++) {
            strikeAtAllPoints(large);
        }
        // Longer than pools keep threads that have nothing to do.
        Awaitility.await().atMost(Duration.ofSeconds(90)).untilAsserted(() -> {
            assertThat(heap()).isLessThan(heap + LARGE);
            assertThat(directMemory()).isLessThan(direct + LARGE);
            assertThat(threads()).isLessThanOrEqualTo(threads);
        });
    }

    /** An upload may also fail earlier, by a connection that the one before has left broken. */
    private void strikeAtAllPoints(byte[] large) {
        int hits = 0;
        for (Point point : Point.values()) {
            for (Action action : CUTS) {
                proxy.arm(Fault.at(2, point, action));
                tryUpload(faulty, large, Math.max(large.length, partSize()))
                        .ifPresent(e -> assertThat(e.kind()).as("%s", e).isIn(Kind.TRANSIENT, Kind.OUTCOME_UNKNOWN));
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
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> isOwnThread(thread.getName()))
                .count();
    }

    @Test
    void aLostAnswerToACompletionIsResolvedByLooking() {
        proxy.arm(Fault.at(1, Point.BEFORE_ANSWER, Action.RESET).among(this::isCompletion));
        assertThat(upload(faulty)).isInstanceOf(PublishOutcome.Published.class);
        assertThat(proxy.hits()).isEqualTo(1);
        assertThat(read(direct)).isEqualTo(content);
    }

    @Test
    void aLostAnswerToACreationIsResolvedByLooking() {
        proxy.arm(Fault.at(1, Point.BEFORE_ANSWER, Action.RESET).among(line -> line.startsWith("PUT")));
        assertThat(create(1)).isInstanceOf(PublishOutcome.Published.class);
        assertThat(proxy.hits()).isEqualTo(1);
        assertThat(create(2)).isInstanceOf(PublishOutcome.AlreadyExists.class);
        assertThat(read(direct)).containsExactly(1);
    }

    private PublishOutcome create(int value) {
        ByteBuffer bytes = ByteBuffer.wrap(new byte[] {(byte) value});
        return faulty.put(KEY, bytes, PublishMode.CREATE_IF_ABSENT, UploadOptions.ofDefaults());
    }

    @Test
    void aCompletionThatNobodyAnswersIsOfUnknownOutcomeAndLeftAlone() {
        PartLayout layout = PartLayout.fixed(partSize());
        UploadSession session = faulty.beginUpload(KEY, layout, UploadOptions.ofDefaults());
        List<PartReceipt> parts = ObjectStoreFixture.sendAll(session, layout, content);
        AtomicBoolean begun = new AtomicBoolean();
        proxy.arm(Fault.at(1, Point.BEFORE_REQUEST, Action.RESET).fromThenOn().among(line -> {
            begun.compareAndSet(false, isCompletion(line));
            return begun.get();
        }));
        failing(() -> session.complete(parts, PublishMode.CREATE_IF_ABSENT), Kind.OUTCOME_UNKNOWN);
        proxy.disarm();
        session.close();
        assertThat(direct.stat(KEY)).isEmpty();
        try (UploadSession again = direct.resumeUpload(session.token())) {
            assertThat(again.complete(parts, PublishMode.CREATE_IF_ABSENT))
                    .isInstanceOf(PublishOutcome.Published.class);
        }
        assertThat(read(direct)).isEqualTo(content);
    }

    @Test
    void statusesMeanWhatTheyShould() {
        for (String status : List.of("503 Slow Down", "429 Too Many Requests")) {
            SnapshotException failure = answered(Kind.THROTTLED, status, "Retry-After: 7");
            assertThat(failure.retryable()).isTrue();
            assertThat(failure.retryAfter()).contains(Duration.ofSeconds(7));
        }
        for (String status : List.of("500 Internal Server Error", "502 Bad Gateway", "504 Gateway Timeout")) {
            answered(Kind.TRANSIENT, status);
        }
        for (String status : List.of("400 Bad Request", "403 Forbidden", "501 Not Implemented", "507 Full")) {
            answered(Kind.PERMANENT, status);
        }
    }

    /** What comes of a call that is answered with a status. */
    protected final SnapshotException answered(Kind expected, String status, String... headers) {
        proxy.arm(Fault.answer(1, status, headers));
        SnapshotException failure = failing(() -> faulty.list("", Optional.empty(), 10), expected);
        assertThat(failure).hasMessageContaining(status.substring(0, 3));
        return failure;
    }

    @ParameterizedTest
    @EnumSource(Action.class)
    void aBrokenReadLeavesTheBufferToBeReadAgain(Action action) {
        upload(direct);
        try (ByteSource source = faulty.open(KEY)) {
            for (Point point : List.of(Point.BEFORE_REQUEST, Point.IN_ANSWER)) {
                ByteBuffer target = ByteBuffer.allocateDirect(content.length);
                Fault fault = action == Action.ANSWER ? Fault.answer(1, "502 Bad Gateway") : Fault.at(1, point, action);
                proxy.arm(fault.fromThenOn());
                failing(() -> source.read(0, target), Kind.TRANSIENT);
                assertThat(target.position()).isZero();
                proxy.disarm();
            }
            assertThat(Bytes.readAll(source)).isEqualTo(content);
        }
    }
}
