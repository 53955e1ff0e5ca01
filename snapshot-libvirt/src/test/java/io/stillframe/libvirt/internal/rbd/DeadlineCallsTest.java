package io.stillframe.libvirt.internal.rbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stillframe.libvirt.internal.connection.Effect;
import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a call gives that nobody waits for any more has an owner, too. */
class DeadlineCallsTest {
    private final DeadlineCalls calls = new DeadlineCalls();

    @Test
    void whatComesLateIsHandedOver() {
        CompletableFuture<String> answer = new CompletableFuture<>();
        CompletableFuture<String> late = new CompletableFuture<>();
        assertThatThrownBy(
                        () -> calls.within(Duration.ofMillis(1), "open it", Effect.NONE, answer::join, late::complete))
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TRANSIENT));
        assertThat(late).isNotDone();
        answer.complete("an image");
        assertThat(late.orTimeout(20, TimeUnit.SECONDS).join()).isEqualTo("an image");
    }

    @Test
    void whatComesInTimeIsTheCallers() {
        CompletableFuture<String> late = new CompletableFuture<>();
        assertThat(calls.within(Duration.ofSeconds(20), "open it", Effect.NONE, () -> "an image", late::complete))
                .isEqualTo("an image");
        assertThat(late).isNotDone();
    }
}
