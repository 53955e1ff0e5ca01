package io.stillframe.internal.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.catalog.MemoryCatalog;
import io.stillframe.internal.engine.Job.Stop;
import io.stillframe.internal.engine.Job.StopReason;
import io.stillframe.model.RetryPolicy;
import io.stillframe.model.SnapshotException;
import io.stillframe.spi.CatalogRecord;
import io.stillframe.spi.Lease;
import io.stillframe.spi.LeaseOutcome;
import io.stillframe.spi.SnapshotCatalog;
import io.stillframe.spi.contract.Samples;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A lease is renewed whatever one call of the catalog does; when it is lost, its job is told. */
class LeaseKeeperTest {
    private static final Duration TTL = Duration.ofSeconds(1);

    private final MemoryCatalog real =
            MemoryCatalog.create(Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC));
    private final Map<String, AtomicInteger> renewals = new ConcurrentHashMap<>();
    private volatile Consumer<Lease> onRenew = lease -> {};
    private final SnapshotCatalog catalog = intercepted();
    private final LeaseKeeper keeper = new LeaseKeeper(TTL, new Doorbell(catalog, "me"), "keeper");

    @AfterEach
    void close() {
        keeper.close();
    }

    @ParameterizedTest
    @ValueSource(classes = {OutOfMemoryError.class, IllegalStateException.class, SnapshotException.class})
    void aRenewalThatThrowsIsTriedAgain(Class<? extends Throwable> fault) {
        Job job = job();
        onRenew = lease -> {
            if (renewed(job) <= 2) {
                throw unchecked(fault);
            }
        };
        keeper.keep(job);
        await().until(() -> renewed(job) >= 5);
        assertThat(job.stopped()).isEmpty();
        assertThat(real.acquire(job.id().value(), "another", TTL)).isInstanceOf(LeaseOutcome.Held.class);
    }

    @Test
    void aJobWhoseLeaseWasTakenIsStopped() {
        Job job = job();
        real.release(job.record().lease());
        real.acquire(job.id().value(), "another", TTL);
        keeper.keep(job);
        await().until(() -> job.stopped().map(Stop::reason).equals(Optional.of(StopReason.FENCED)));
        assertThat(job.record().isFenced()).isTrue();
    }

    @Test
    void aCallThatDoesNotReturnLetsNoOtherLeaseExpire() {
        Job stuck = job();
        Job other = job();
        CountDownLatch end = new CountDownLatch(1);
        onRenew = lease -> {
            if (lease.resource().equals(stuck.id().value())) {
                awaitUninterrupted(end);
            }
        };
        keeper.keep(stuck);
        keeper.keep(other);
        await().until(() -> renewed(other) >= 4);
        assertThat(renewed(stuck)).as("one at a time").isEqualTo(1);
        end.countDown();
        await().until(() -> renewed(stuck) >= 2);
    }

    private int renewed(Job job) {
        return renewals.computeIfAbsent(job.id().value(), id -> new AtomicInteger())
                .get();
    }

    private Job job() {
        CatalogRecord record = CatalogRecord.first(Samples.requested(Instant.now()), Optional.empty(), Map.of());
        Lease lease = real.create(record, "me", TTL);
        Retries retries = new Retries(RetryPolicy.ofDefaults());
        return new Job(new OwnedRecord(catalog, retries, TTL, lease, record, snapshot -> {}));
    }

    private SnapshotCatalog intercepted() {
        return (SnapshotCatalog) Proxy.newProxyInstance(
                SnapshotCatalog.class.getClassLoader(),
                new Class<?>[] {SnapshotCatalog.class},
                (proxy, method, args) -> {
                    if (method.getName().equals("renew")) {
                        Lease lease = (Lease) args[0];
                        renewals.computeIfAbsent(lease.resource(), id -> new AtomicInteger())
                                .incrementAndGet();
                        onRenew.accept(lease);
                    }
                    try {
                        return method.invoke(real, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static RuntimeException unchecked(Class<? extends Throwable> fault) {
        if (fault == OutOfMemoryError.class) {
            throw new OutOfMemoryError("made up");
        }
        return fault == SnapshotException.class
                ? SnapshotException.transientFault("made up", null)
                : new IllegalStateException("made up");
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
