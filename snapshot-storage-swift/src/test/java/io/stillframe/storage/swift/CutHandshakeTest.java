package io.stillframe.storage.swift;

import static io.stillframe.spi.contract.Faults.failing;
import static org.assertj.core.api.Assertions.assertThat;

import io.stillframe.model.SnapshotException.Kind;
import io.stillframe.testing.CutHandshakes;
import java.net.URI;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

/** A connection that ends while the handshake is under way says nothing of the server's certificate. */
final class CutHandshakeTest {
    @Test
    void aHandshakeThatIsCutMayBeTriedAgain() {
        try (CutHandshakes server = CutHandshakes.open()) {
            SwiftObjectStoreBuilder builder = SwiftObjectStore.builder("container")
                    .credentials(new SwiftCredentials.TempAuth(
                            URI.create(server.uri() + "/auth/v1.0"), "user", SwiftSecret.of("key")));
            assertThat(failing(builder::build, Kind.TRANSIENT)).hasRootCauseInstanceOf(SSLHandshakeException.class);
        }
    }
}
