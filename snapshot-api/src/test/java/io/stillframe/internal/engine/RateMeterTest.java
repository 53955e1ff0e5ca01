package io.stillframe.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.Progress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A rate is told when it is known, smoothed, and not while nothing moves. */
class RateMeterTest {
    private final AtomicLong nanos = new AtomicLong(77);
    private final RateMeter meter = new RateMeter(nanos::get);

    @Test
    void isUnknownAtFirst() {
        assertThat(meter.rate(0)).isZero();
        assertThat(after(Duration.ofSeconds(1), 5000)).isZero();
        assertThat(after(Duration.ofSeconds(1), 10_000)).isEqualTo(5000);
    }

    @Test
    void isSmoothedOverSomeSeconds() {
        meter.rate(0);
        for (int second = 1; second <= 20; second++) {
            after(Duration.ofSeconds(1), second * 1000L);
        }
        assertThat(after(Duration.ofSeconds(1), 20_000 + 11_000)).isEqualTo(2000);
        for (int second = 1; second <= 10; second++) {
            after(Duration.ofSeconds(1), 31_000 + second * 500L);
        }
        assertThat(after(Duration.ofSeconds(1), 31_000 + 5500)).isEqualTo(500);
    }

    @Test
    void isUnknownAgainWhenNothingMoves() {
        meter.rate(0);
        after(Duration.ofSeconds(3), 3000);
        assertThat(after(Duration.ofSeconds(3), 3000)).isEqualTo(500);
        assertThat(after(Duration.ofSeconds(1), 3000)).isZero();
        assertThat(after(Duration.ofSeconds(1), 4000)).isPositive();
    }

    @Test
    void whatRemainsIsTimeForWhatIsLeft() {
        Progress progress = new Progress(10_000, 4000, 100);
        assertThat(progress.at(0)).isEqualTo(progress);
        assertThat(progress.at(2000).remaining()).contains(Duration.ofSeconds(3));
        assertThat(progress.at(7000).remaining()).contains(Duration.ofSeconds(1));
        assertThat(new Progress(5, 5, 1).at(9).remaining()).contains(Duration.ZERO);
    }

    private long after(Duration time, long count) {
        nanos.addAndGet(time.toNanos());
        return meter.rate(count);
    }
}
