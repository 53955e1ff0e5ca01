package io.stillframe.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpreadTest {
    @Test
    void anOddNumberOfFiguresHasOneInTheMiddle() {
        assertThat(Spread.of(List.of(5.0, 1.0, 2.0))).isEqualTo(new Spread(1, 2, 5));
    }

    @Test
    void anEvenNumberOfFiguresHasTheMeanOfTwo() {
        assertThat(Spread.of(List.of(4.0, 1.0, 2.0, 9.0))).isEqualTo(new Spread(1, 3, 9));
    }

    @Test
    void nothingHasNoSpread() {
        assertThatIllegalArgumentException().isThrownBy(() -> Spread.of(List.of()));
    }
}
