package io.stillframe.storage.swift;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException;
import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.spi.contract.Crowd;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

final class TokenHolderTest {
    private final Queue<Supplier<Grant>> next = new ArrayDeque<>();
    private final TokenHolder holder = new TokenHolder(() -> next.remove().get());

    @Test
    void aTokenIsRenewedBeforeItsEnd() {
        Grant old = grant("old", 0);
        Grant fresh = grant("fresh", 3600);
        next.add(() -> old);
        next.add(() -> fresh);
        assertThat(holder.current()).isSameAs(old);
        assertThat(holder.current()).isSameAs(fresh);
        assertThat(holder.current()).isSameAs(fresh);
    }

    @Test
    void aPassingFaultOfTheRenewalIsNoFaultOfTheCall() {
        Grant old = grant("old", 0);
        next.add(() -> old);
        next.add(() -> {
            throw SnapshotException.transientFault("away", null);
        });
        next.add(() -> {
            throw SnapshotException.permanent("refused", null);
        });
        holder.current();
        assertThat(holder.current()).isSameAs(old);
        failing(holder::current, Kind.PERMANENT);
    }

    @Test
    void ofManyThatWereRefusedOneAuthenticates() {
        AtomicInteger logins = new AtomicInteger();
        TokenHolder shared = new TokenHolder(() -> grant("t" + logins.incrementAndGet(), 3600));
        Grant refused = shared.current();
        Crowd.together(8, i -> shared.after(refused));
        assertThat(logins).hasValue(2);
    }

    @Test
    void tokensAreNotShown() {
        assertThat(grant("secret-token", 1).toString()).doesNotContain("secret-token");
    }

    private static Grant grant(String token, long seconds) {
        return new Grant(token, URI.create("http://storage"), TokenLife.renewAt(seconds));
    }
}
