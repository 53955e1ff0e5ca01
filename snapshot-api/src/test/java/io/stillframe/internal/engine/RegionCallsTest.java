package io.stillframe.internal.engine;

import static io.stillframe.testing.Conditions.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.internal.engine.RegionCalls.Outcome;
import io.stillframe.spi.Cancellation;
import io.stillframe.store.MemoryObjectStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RegionCallsTest {
    private static final Region FAST = new Region("fast", Optional.empty(), MemoryObjectStore.named("fast"));
    private static final Region SLOW = new Region("slow", Optional.empty(), MemoryObjectStore.named("slow"));

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final RegionCalls calls = new RegionCalls(region -> threads, Duration.ofMillis(20));
    private final CompletableFuture<Void> slow = new CompletableFuture<>();
    private final AtomicInteger begun = new AtomicInteger();
    private final Function<Region, String> call = region -> {
        begun.incrementAndGet();
        if (region.equals(SLOW)) {
            slow.orTimeout(60, TimeUnit.SECONDS).join();
        }
        return region.name();
    };

    @AfterEach
    void close() {
        slow.complete(null);
        threads.shutdown();
    }

    @Test
    void aRegionThatTakesLongIsLeftBehind() {
        List<Outcome<String>> outcomes = calls.run("asking", List.of(FAST, SLOW), new Cancellation(), call);

        assertThat(outcomes).extracting(Outcome::isGood).containsExactly(true, false);
    }

    /** Found by the model: a removal took away what another node had stored in the region meanwhile. */
    @Test
    void aCallThatShouldNotComeLateIsWaitedForLonger() {
        CompletableFuture<List<Outcome<String>>> outcomes = CompletableFuture.supplyAsync(
                () -> calls.runWithin(Duration.ofMinutes(1), "removing", List.of(FAST, SLOW), new Cancellation(), call),
                threads);
        await().until(() -> begun.get() == 2);
        // What has as much patience as there is does not wait meanwhile.
        aRegionThatTakesLongIsLeftBehind();
        assertThat(outcomes).isNotDone();
        slow.complete(null);

        assertThat(outcomes.orTimeout(60, TimeUnit.SECONDS).join())
                .extracting(Outcome::isGood)
                .containsExactly(true, true);
    }
}
