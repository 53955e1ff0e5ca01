package io.stillframe.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ControlPlaneTest {
    @ParameterizedTest
    @EnumSource(SnapshotException.Kind.class)
    void onlyWhatCanBeTriedAgainIsAnsweredSo(SnapshotException.Kind kind) {
        int status = ControlPlane.httpStatus(new SnapshotException(kind, "told"));
        assertThat(status).isBetween(400, 599);
        if (kind.retryable()) {
            assertThat(status).isIn(429, 503);
        }
    }
}
