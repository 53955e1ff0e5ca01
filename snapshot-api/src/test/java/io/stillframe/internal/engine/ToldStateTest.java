package io.stillframe.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.Snapshot;
import io.stillframe.model.SnapshotStatus;
import io.stillframe.spi.contract.Samples;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class ToldStateTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Snapshot REQUESTED = Samples.requested(NOW);
    private static final Snapshot AVAILABLE =
            REQUESTED.toBuilder().status(SnapshotStatus.AVAILABLE).build();
    private static final Predicate<Snapshot> IS_AVAILABLE = s -> s.status() == SnapshotStatus.AVAILABLE;
    private static final long LONG = TimeUnit.MINUTES.toNanos(1);

    private final AtomicInteger closed = new AtomicInteger();
    private final ToldState told = new ToldState(REQUESTED.id(), state -> closed.incrementAndGet());

    @Test
    void onlyAStateThatIsWantedEndsTheWait() throws Exception {
        CountDownLatch looked = new CountDownLatch(1);
        CompletableFuture<Void> waiting = waiting(s -> {
            looked.countDown();
            return IS_AVAILABLE.test(s);
        });
        told.offer(REQUESTED);
        assertThat(looked.await(1, TimeUnit.MINUTES)).isTrue();
        told.offer(Samples.requested(NOW.plusSeconds(1)).toBuilder()
                .status(SnapshotStatus.AVAILABLE)
                .build());
        assertThat(waiting).isNotDone();
        told.offer(AVAILABLE);
        waiting.get(1, TimeUnit.MINUTES);
    }

    @Test
    void whatWasToldBeforeTheWaitCountsOnce() {
        told.offer(AVAILABLE);
        told.await(IS_AVAILABLE, LONG);
        AtomicInteger looks = new AtomicInteger();
        told.await(s -> looks.incrementAndGet() > 0, 1);
        assertThat(looks).hasValue(0);
    }

    @Test
    void theEndOfTheTellingEndsTheWait() throws Exception {
        CompletableFuture<Void> waiting = waiting(IS_AVAILABLE);
        told.end();
        waiting.get(1, TimeUnit.MINUTES);
        told.close();
        assertThat(closed).hasValue(1);
    }

    private CompletableFuture<Void> waiting(Predicate<Snapshot> wanted) {
        return CompletableFuture.runAsync(() -> told.await(wanted, 2 * LONG));
    }
}
