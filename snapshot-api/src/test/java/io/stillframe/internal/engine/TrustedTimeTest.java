package io.stillframe.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.contract.SteppableClock;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** No single clock that jumps makes anything expire early. */
class TrustedTimeTest {
    private static final Instant START = Instant.parse("2026-03-01T10:00:00Z");

    private final SteppableClock wall = SteppableClock.at(START);
    private final AtomicLong nanos = new AtomicLong(42);
    private final AtomicReference<Optional<Instant>> server = new AtomicReference<>(Optional.empty());
    private final TrustedTime time = new TrustedTime(wall, catalog(), nanos::get, true);

    @Test
    void timePasses() {
        pass(Duration.ofDays(3));
        assertThat(time.now()).isEqualTo(START.plus(Duration.ofDays(3)));
        wall.step(Duration.ofSeconds(59));
        assertThat(time.now()).as("a step of a time server").isEqualTo(wall.instant());
    }

    @Test
    void aJumpForwardThatNothingConfirmsIsNotBelieved() {
        wall.step(Duration.ofDays(3650));
        assertThat(time.now()).isEqualTo(START);
        pass(Duration.ofHours(1));
        assertThat(time.now()).isEqualTo(START.plus(Duration.ofHours(1)));
        wall.set(START.plus(Duration.ofHours(1)));
        assertThat(time.now()).isEqualTo(wall.instant());
    }

    @Test
    void aJumpThatTheCatalogsClockConfirmsIsBelieved() {
        Instant later = START.plus(Duration.ofHours(8));
        wall.set(later);
        server.set(Optional.of(later.minusSeconds(1)));
        assertThat(time.now()).isEqualTo(later.minusSeconds(1));
        server.set(Optional.empty());
        assertThat(time.now()).as("from now on").isEqualTo(later);
    }

    @Test
    void theEarlierOfTwoClocksIsBelieved() {
        server.set(Optional.of(START.plus(Duration.ofDays(99))));
        assertThat(time.now()).isEqualTo(START);
        server.set(Optional.of(START.minus(Duration.ofDays(99))));
        assertThat(time.now()).isEqualTo(START.minus(Duration.ofDays(99)));
        server.set(Optional.empty());
        wall.step(Duration.ofDays(-5));
        assertThat(time.now()).isEqualTo(wall.instant());
    }

    private void pass(Duration by) {
        wall.step(by);
        nanos.addAndGet(by.toNanos());
    }

    private SnapshotCatalog catalog() {
        MemoryCatalog real = MemoryCatalog.create();
        return (SnapshotCatalog) Proxy.newProxyInstance(
                SnapshotCatalog.class.getClassLoader(),
                new Class<?>[] {SnapshotCatalog.class},
                (proxy, method, args) -> method.getName().equals("ownTime") ? server.get() : method.invoke(real, args));
    }
}
