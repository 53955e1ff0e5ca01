package io.stillframe.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.Progress;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
    private static final long MIB = 1 << 20;

    @Test
    void aTransferShowsBarBytesAndRate() {
        String line = ProgressLine.full(
                "queued: transferring",
                Optional.of(new Progress(64 * MIB, 32 * MIB, 12 * MIB)),
                Duration.ofSeconds(3),
                16 * MIB,
                120);
        assertThat(line)
                .isEqualTo(
                        "queued: transferring   [############------------]  50% 32 MiB of 64 MiB, stored 12 MiB  16 MiB/s");
    }

    @Test
    void aWaitShowsItsTime() {
        assertThat(ProgressLine.full("capturing: stopping", Optional.empty(), Duration.ofSeconds(12), 0, 120))
                .isEqualTo("capturing: stopping    12 s");
    }

    @Test
    void theBarGivesWayOnANarrowTerminal() {
        Progress progress = new Progress(64 * MIB, 32 * MIB, 12 * MIB);
        String line = ProgressLine.full("queued: transferring", Optional.of(progress), Duration.ZERO, 16 * MIB, 79);
        assertThat(line).hasSizeLessThanOrEqualTo(79).contains("[###----]").endsWith("16 MiB/s");
    }

    @Test
    void aTotalThatIsNotKnownYetIsNotShownAsZero() {
        assertThat(ProgressLine.full(
                        "queued: transferring", Optional.of(Progress.none()), Duration.ofSeconds(1), 0, 79))
                .isEqualTo("queued: transferring   1.0 s");
    }

    @Test
    void percentStaysWithinItsRange() {
        assertThat(ProgressLine.percent(Progress.none())).isZero();
        assertThat(ProgressLine.percent(new Progress(10, 30, 0))).isEqualTo(100);
        assertThat(ProgressLine.percent(new Progress(Long.MAX_VALUE, Long.MAX_VALUE - 1, 0)))
                .isEqualTo(100);
        assertThat(ProgressLine.percent(new Progress(1000, 999, 0))).isEqualTo(99);
    }

    @Test
    void theRateIsThatOfTheLastSeconds() {
        TransferRate rate = new TransferRate();
        long second = 1_000_000_000L;
        assertThat(rate.after(0, 0)).isZero();
        assertThat(rate.after(second, 10 * MIB)).isEqualTo(10 * MIB);
        assertThat(rate.after(20 * second, 10 * MIB)).isLessThan(MIB);
        assertThat(rate.after(21 * second, 5 * MIB)).as("a new count").isZero();
    }
}
