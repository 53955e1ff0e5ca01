package io.stillframe.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.model.SnapshotRequest;
import io.stillframe.model.Storing;
import org.junit.jupiter.api.Test;

class RequestTextTest {
    private static final SnapshotRequest WHOLE = SnapshotRequest.of("web").withRetentionDays(3);

    @Test
    void howItIsStoredComesBack() {
        SnapshotRequest changes = WHOLE.withStoring(Storing.CHANGES);
        assertThat(RequestText.parse(RequestText.of(WHOLE), "test")).isEqualTo(WHOLE);
        assertThat(RequestText.parse(RequestText.of(changes), "test")).isEqualTo(changes);
    }

    @Test
    void aRequestOfBeforeIsTheSameAsOneForAllOfIt() {
        assertThat(RequestText.of(WHOLE.withStoring(Storing.WHOLE))).doesNotContain("storing");
        assertThat(RequestText.of(WHOLE)).isNotEqualTo(RequestText.of(WHOLE.withStoring(Storing.CHANGES)));
    }

    @Test
    void anUnknownWayOfStoringIsCorrupt() {
        String text = RequestText.of(WHOLE.withStoring(Storing.CHANGES)).replace("CHANGES", "HALF");
        assertThatThrownBy(() -> RequestText.parse(text, "test"))
                .satisfies(e -> assertThat(((SnapshotException) e).kind()).isEqualTo(Kind.CORRUPT));
    }
}
