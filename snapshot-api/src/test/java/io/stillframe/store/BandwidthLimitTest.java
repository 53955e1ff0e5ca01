package io.stillframe.store;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class BandwidthLimitTest {
    private static final long RATE = 1 << 20;

    private final AtomicLong now = new AtomicLong(-5);
    private final List<Long> waits = new ArrayList<>();
    private final BandwidthLimit limit = BandwidthLimit.of(RATE, now::get, pause -> waits.add(pause.toMillis()));

    @Test
    void whoComesWaitsForAllBeforeIt() {
        limit.take(RATE);
        limit.take(RATE / 2);
        limit.take(0);
        limit.take(RATE);
        assertThat(waits).containsExactly(1000L, 1500L, 1500L);
    }

    @Test
    void timeThatNobodyUsedIsNotSaved() {
        now.addAndGet(3_600_000_000_000L);
        limit.take(RATE);
        limit.take(RATE);
        assertThat(waits).containsExactly(1000L);
        now.addAndGet(2_000_000_000L);
        limit.take(RATE);
        assertThat(waits).hasSize(1);
    }

    @Test
    void hasALeastRate() {
        failing(() -> BandwidthLimit.of(65_535), Kind.INVALID);
        assertThat(BandwidthLimit.of(65_536).bytesPerSecond()).isEqualTo(65_536);
    }
}
